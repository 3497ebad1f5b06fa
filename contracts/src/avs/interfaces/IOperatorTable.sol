// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {BN254} from "../../restaking/libraries/BN254.sol";

/// @title IOperatorTable
/// @notice Who signs for a service, with which key and weight, epoch by epoch. Rules: docs/spec/mach.md, sections 1, 7
///         and 11.
/// @dev    Weights are what the core can slash for certain up to the end of the horizon. They are refreshed by anybody
///         and expire. What left, was lowered, expired or was slashed stays in an epoch's total for UNDECIDED blocks
///         and never counts as signed; what joins in that time is at most a tenth of what counted at its beginning.
interface IOperatorTable {
    /// @param class      Asset class, from 0. A quorum needs the threshold in every class.
    /// @param multiplier Weight of one share, in 1e18ths; zero for a strategy that is being retired.
    struct StrategyWeight {
        address strategy;
        uint8 class;
        uint88 multiplier;
    }

    /// @notice All in L1 blocks. See docs/spec/mach.md, section 11.
    /// @param k               Depth of a base below its messages' origins.
    /// @param epochLength     L1 blocks an epoch.
    /// @param undecided       In which weight that left stays in the total.
    /// @param certificateAge  From an epoch's block until its certificates are refused.
    /// @param evidenceWindow  From an epoch's block until evidence is refused.
    /// @param pauseSlack      A paused core may cost this much.
    struct Windows {
        uint32 k;
        uint32 epochLength;
        uint32 undecided;
        uint32 certificateAge;
        uint32 evidenceWindow;
        uint32 pauseSlack;
    }

    /// @notice The state from which an epoch's commitment is made.
    event TableChanged(uint32 depth, bytes32 root, uint256 aggregateX, uint256 aggregateY, uint48 oldestExpiry);
    event OperatorWeight(address indexed operator, uint32 indexed index, uint256[] weights, uint48 expiry);
    event TableCommitted(uint64 indexed epoch, bytes32 commitment, uint32 depth, bytes32 root, uint256[] active, uint256[] total);
    event Started(uint256 startBlock);
    event Jailed(address indexed operator);

    error OnlyRegistrar();
    error OnlySlasher();
    error TableFull();
    error KeyMissing(address operator);
    error OperatorJailed(address operator);
    /// @notice The core's figure for a class is below what joining takes.
    error BelowMinimum(address operator, uint256 class, uint256 weight, uint256 minimum);
    error AlreadyStarted();
    error NotStarted();
    /// @notice A service starts with weight in every class.
    error ClassWithoutWeight(uint256 class);
    /// @notice The epoch's L1 block is not over.
    error EpochNotOver(uint64 epoch);
    /// @notice What was passed is not the table at the epoch's block.
    error NotTheTable(uint64 epoch);
    /// @notice Weight in the table had expired at the epoch's block: the epoch has no certificates.
    error ExpiredWeight(uint64 epoch, uint48 expiry);
    error BadStrategies();

    /// @notice Reads operators' stake from the core and sets their weights. Anybody. Raises wait where the churn
    ///         limit is reached; who is not in the table is skipped.
    function refresh(address[] calldata operators) external;

    /// @notice Takes up to `limit` operators out whose weight has expired. Anybody.
    /// @return swept How many were taken out.
    function sweep(uint256 limit) external returns (uint256 swept);

    /// @notice Fixes the commitment of an epoch from the table as it stood at the epoch's block. Anybody, once; the
    ///         values are those of the last `TableChanged` up to that block.
    function commit(
        uint64 epoch,
        uint32 depth,
        bytes32 root,
        BN254.G1Point calldata aggregate,
        uint48 oldestExpiry
    ) external returns (bytes32 commitment);

    /// @notice Begins the service with this L1 block as epoch 0's. Only the registrar.
    function start() external;

    /// @notice An operator has joined the set. Only the registrar.
    function join(address operator) external;

    /// @notice An operator has left the set. Never reverts. Only the registrar.
    function leave(address operator) external;

    /// @notice Takes an operator's weight for good. Only the slasher.
    function jail(address operator) external;

    /// @notice Counts a strategy no more. Only the registrar.
    function retireStrategy(address strategy) external;

    /// @notice The hash of an epoch's header; zero while nobody has committed it. One storage slot an epoch.
    function commitments(uint64 epoch) external view returns (bytes32);

    /// @notice What a verifier needs in one call: the commitment of `epoch`, its L1 block, and the epoch of `origin`.
    function lookup(uint64 epoch, uint64 origin)
        external
        view
        returns (bytes32 commitment, uint256 epochBlock, uint64 originEpoch);

    /// @notice The L1 block of an epoch.
    function epochBlock(uint64 epoch) external view returns (uint256);

    /// @notice The table as it stands: what `commit` takes for an epoch whose block is not before the last change.
    function state()
        external
        view
        returns (uint32 depth, bytes32 root, BN254.G1Point memory aggregate, uint48 oldestExpiry);

    /// @notice Weights by class: those of the table, and the total with what left within UNDECIDED blocks.
    function weights() external view returns (uint256[] memory active, uint256[] memory total);

    /// @notice Weight that may still join or be raised now, by class; the largest number while there is no limit.
    function room() external view returns (uint256[] memory);

    /// @notice An operator's place. `expiry` is the last L1 block whose epoch counts the weight; without weight it is
    ///         the block since when.
    function entryOf(address operator)
        external
        view
        returns (bool member, uint32 index, BN254.G1Point memory key, uint256[] memory weight, uint48 expiry);

    /// @notice Siblings from a leaf up, of the table as it stands.
    function pathOf(uint32 index) external view returns (bytes32[] memory);

    function startBlock() external view returns (uint256);

    function windows() external view returns (Windows memory);

    function strategies() external view returns (StrategyWeight[] memory);

    function classes() external view returns (uint256);

    function isJailed(address operator) external view returns (bool);

    /// @notice Blocks that a weight is good for after its refresh.
    function life() external view returns (uint256);

    function memberCount() external view returns (uint256);
}
