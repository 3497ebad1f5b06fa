// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IAVSRegistrar} from "../../restaking/interfaces/IAVSRegistrar.sol";
import {IRewardsCoordinator} from "../../restaking/interfaces/IRewardsCoordinator.sol";
import {BN254} from "../../restaking/libraries/BN254.sol";

/// @title IMachRegistrar
/// @notice A service of a rollup: the avs address itself, with operator set 0, and the registrar that the core calls.
/// @dev    Its admin is a timelock, whose whole power is listed here: it describes the service, raises the threshold,
///         and takes strategies out in two steps. It cannot touch stake, money, evidence or membership. No
///         PermissionController admin is ever set.
interface IMachRegistrar is IAVSRegistrar {
    event StrategyRetired(address indexed strategy, uint256 removableFrom);
    event RewardsSubmitted(address indexed token, uint256 amount);

    error OnlyAllocationManager();
    error OnlyTimelock();
    error OnlyCreator();
    error OnlySlasher();
    error OnlyRewards();
    error WrongSet();
    error NotIdle(address operator);
    error StrategyNotRetired(address strategy);
    error StrategyRemovableFrom(uint256 blockNumber);

    /// @notice The first operators have joined: this L1 block is epoch 0's. Only the creator, once.
    function start() external;

    /// @notice Ejects an operator that has had no weight for UNDECIDED blocks, so that places cannot be squatted.
    function ejectIdle(address operator) external;

    /// @notice Ejects an operator. Only the slasher.
    function eject(address operator) external;

    /// @notice Submits rewards to the core for operator set 0; the caller has sent the tokens here. Only the rewards
    ///         contract.
    function submitRewards(IRewardsCoordinator.OperatorDirectedRewardsSubmission calldata submission, uint256 amount)
        external;

    /// @notice Describes the service. Only the timelock.
    function setMetadataURI(string calldata metadataURI) external;

    /// @notice Raises the threshold. Only the timelock.
    function raiseThreshold(uint256 numerator, uint256 denominator) external;

    /// @notice Counts a strategy no more; it stays slashable. Only the timelock.
    function retireStrategy(address strategy) external;

    /// @notice Takes a retired strategy out of the set, once no weight counts it and no evidence reaches it. Anybody.
    function removeStrategy(address strategy) external;

    /// @notice The key an operator joined with last; kept when it leaves, since evidence may follow.
    function keyOf(address operator) external view returns (BN254.G1Point memory);

    function rollupId() external view returns (bytes32);

    function timelock() external view returns (address);

    function creator() external view returns (address);

    function table() external view returns (address);

    function verifier() external view returns (address);

    function slasher() external view returns (address);

    function rewards() external view returns (address);

    /// @notice Whether the core's deallocation delay covers the horizon: if not, a fault may not be slashed in time.
    function slashableInTime() external view returns (bool);
}
