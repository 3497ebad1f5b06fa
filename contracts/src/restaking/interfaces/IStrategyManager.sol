// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {OperatorSet} from "./OperatorSet.sol";

/// @title IStrategyManager
/// @notice Takes and pays out stakers' tokens, and holds what was slashed until it is cleared to its recipient.
interface IStrategyManager {
    event Deposit(address staker, address strategy, uint256 shares);
    event BurnOrRedistributableSharesIncreased(
        OperatorSet operatorSet, uint256 slashId, address strategy, uint256 shares
    );
    event BurnOrRedistributableSharesDecreased(
        OperatorSet operatorSet, uint256 slashId, address strategy, uint256 shares
    );
    event StrategyAddedToDepositWhitelist(address strategy);
    event StrategyRemovedFromDepositWhitelist(address strategy);
    event StrategyWhitelisterChanged(address previousAddress, address newAddress);

    error StrategyNotWhitelisted();
    error SharesAmountZero();
    error SharesAmountTooHigh();
    error MaxStrategiesExceeded();
    error StrategyAlreadyInSlash();
    error StrategyNotFound();
    error OnlyDelegationManager();
    error OnlyStrategyWhitelister();
    error StakerAddressZero();
    error SignatureExpired();
    error InvalidSignature();
    /// @notice Slashed funds rest until `getSlashResolutionBlock` has passed (core v1.13 and later).
    error SlashResolutionDelayNotElapsed();
    /// @notice Our own, stricter than the core: the token took a fee on transfer.
    error TransferAmountMismatch();

    /// @notice Deposits `amount` of `token` for the caller, who has approved this contract.
    /// @return depositShares Shares credited.
    function depositIntoStrategy(address strategy, address token, uint256 amount)
        external
        returns (uint256 depositShares);

    /// @notice Deposits the caller's tokens for `staker`, who signed the deposit (EIP-712).
    function depositIntoStrategyWithSignature(
        address strategy,
        address token,
        uint256 amount,
        address staker,
        uint256 expiry,
        bytes calldata signature
    ) external returns (uint256 depositShares);

    /// @notice Takes shares that are queued for withdrawal. Only the DelegationManager.
    /// @return Shares left.
    function removeDepositShares(address staker, address strategy, uint256 depositSharesToRemove)
        external
        returns (uint256);

    /// @notice Gives shares back that were queued. Only the DelegationManager.
    /// @return previous Shares before.
    /// @return added    Shares added.
    function addShares(address staker, address strategy, uint256 shares)
        external
        returns (uint256 previous, uint256 added);

    /// @notice Pays shares out. Only the DelegationManager.
    function withdrawSharesAsTokens(address staker, address strategy, address token, uint256 shares) external;

    /// @notice Books slashed shares for their recipient. Only the DelegationManager.
    function increaseBurnOrRedistributableShares(
        OperatorSet calldata operatorSet,
        uint256 slashId,
        address strategy,
        uint256 addedSharesToBurn
    ) external;

    /// @notice Sends a slash's funds to the set's recipient, the burn address for a set without one. Anybody.
    /// @return Underlying tokens sent, by strategy.
    function clearBurnOrRedistributableShares(OperatorSet calldata operatorSet, uint256 slashId)
        external
        returns (uint256[] memory);

    /// @notice The same for one strategy, for when another one's token reverts.
    function clearBurnOrRedistributableSharesByStrategy(
        OperatorSet calldata operatorSet,
        uint256 slashId,
        address strategy
    ) external returns (uint256);

    /// @notice Opens strategies for deposits. Only the whitelister.
    function addStrategiesToDepositWhitelist(address[] calldata strategies) external;

    /// @notice Closes strategies for deposits. Only the whitelister.
    function removeStrategiesFromDepositWhitelist(address[] calldata strategies) external;

    /// @notice Names the whitelister. Only the owner.
    function setStrategyWhitelister(address newStrategyWhitelister) external;

    function getDeposits(address staker) external view returns (address[] memory strategies, uint256[] memory shares);

    function getStakerStrategyList(address staker) external view returns (address[] memory);

    function stakerDepositShares(address staker, address strategy) external view returns (uint256);

    function stakerStrategyListLength(address staker) external view returns (uint256);

    function strategyIsWhitelistedForDeposit(address strategy) external view returns (bool);

    function strategyWhitelister() external view returns (address);

    function getBurnOrRedistributableShares(OperatorSet calldata operatorSet, uint256 slashId)
        external
        view
        returns (address[] memory strategies, uint256[] memory shares);

    function getBurnOrRedistributableShares(OperatorSet calldata operatorSet, uint256 slashId, address strategy)
        external
        view
        returns (uint256);

    function getBurnOrRedistributableCount(OperatorSet calldata operatorSet, uint256 slashId)
        external
        view
        returns (uint256);

    /// @notice Sets with slashed funds not yet cleared.
    function getPendingOperatorSets() external view returns (OperatorSet[] memory);

    /// @notice Slashes of a set whose funds are not yet cleared.
    function getPendingSlashIds(OperatorSet calldata operatorSet) external view returns (uint256[] memory);

    /// @notice The last block in which a slash's funds still rest.
    function getSlashResolutionBlock(OperatorSet calldata operatorSet, uint256 slashId) external view returns (uint32);

    /// @notice Blocks that slashed funds rest; zero is the behaviour before core v1.13.
    function SLASH_RESOLUTION_DELAY_BLOCKS() external view returns (uint32);

    function calculateStrategyDepositDigestHash(
        address staker,
        address strategy,
        address token,
        uint256 amount,
        uint256 nonce,
        uint256 expiry
    ) external view returns (bytes32);

    function nonces(address signer) external view returns (uint256);

    function domainSeparator() external view returns (bytes32);

    function version() external view returns (string memory);
}
