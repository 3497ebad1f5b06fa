// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {OperatorSet} from "./OperatorSet.sol";

/// @title IDelegationManager
/// @notice Operators, who delegates to whom, and the queue of withdrawals, whose content stays slashable.
/// @dev    Two counts of shares. A staker's *deposit shares* stand in the StrategyManager and never fall by a slash.
///         What they are worth, *withdrawable shares*, is depositShares * depositScalingFactor * slashing factor, both
///         in 1e18ths. An operator's shares are the sum of withdrawable shares of its stakers, up to rounding.
interface IDelegationManager {
    struct SignatureWithExpiry {
        bytes signature;
        uint256 expiry;
    }

    /// @param __deprecated_withdrawer Ignored: the staker withdraws.
    struct QueuedWithdrawalParams {
        address[] strategies;
        uint256[] depositShares;
        address __deprecated_withdrawer;
    }

    /// @param delegatedTo  The operator at the time of queueing, whose slashes count until the delay has passed.
    /// @param scaledShares depositShares * depositScalingFactor; times the slashing factor they are what is paid out.
    struct Withdrawal {
        address staker;
        address delegatedTo;
        address withdrawer;
        uint256 nonce;
        uint32 startBlock;
        address[] strategies;
        uint256[] scaledShares;
    }

    event OperatorRegistered(address indexed operator, address delegationApprover);
    event DelegationApproverUpdated(address indexed operator, address newDelegationApprover);
    event OperatorMetadataURIUpdated(address indexed operator, string metadataURI);
    event OperatorSharesIncreased(address indexed operator, address staker, address strategy, uint256 shares);
    event OperatorSharesDecreased(address indexed operator, address staker, address strategy, uint256 shares);
    event StakerDelegated(address indexed staker, address indexed operator);
    event StakerUndelegated(address indexed staker, address indexed operator);
    event StakerForceUndelegated(address indexed staker, address indexed operator);
    event SlashingWithdrawalQueued(bytes32 withdrawalRoot, Withdrawal withdrawal, uint256[] sharesToWithdraw);
    event SlashingWithdrawalCompleted(bytes32 withdrawalRoot);
    event DepositScalingFactorUpdated(address staker, address strategy, uint256 newDepositScalingFactor);
    event OperatorSharesSlashed(address indexed operator, address strategy, uint256 totalSlashedShares);

    error ActivelyDelegated();
    error NotActivelyDelegated();
    error OperatorNotRegistered();
    error OperatorsCannotUndelegate();
    error CallerCannotUndelegate();
    error InvalidPermissions();
    error WithdrawalNotQueued();
    error WithdrawalDelayNotElapsed();
    error WithdrawerNotCaller();
    error FullySlashed();
    error InputArrayLengthMismatch();
    error InputArrayLengthZero();
    error InputAddressZero();
    error SaltSpent();
    error OnlyAllocationManager();
    error OnlyStrategyManagerOrEigenPodManager();
    error SignatureExpired();
    error InvalidSignature();

    /// @notice The caller becomes an operator, for ever, and delegates to itself.
    /// @param initDelegationApprover Who has to sign delegations; zero: nobody.
    /// @param allocationDelay        Blocks until an allocation becomes slashable; in force at once.
    function registerAsOperator(address initDelegationApprover, uint32 allocationDelay, string calldata metadataURI)
        external;

    /// @notice Names another approver. Only the operator or who may call for it.
    function modifyOperatorDetails(address operator, address newDelegationApprover) external;

    /// @notice Only the operator or who may call for it.
    function updateOperatorMetadataURI(address operator, string calldata metadataURI) external;

    /// @notice Delegates all of the caller's shares, now and later, to `operator`.
    function delegateTo(
        address operator,
        SignatureWithExpiry calldata approverSignatureAndExpiry,
        bytes32 approverSalt
    ) external;

    /// @notice Ends a delegation and queues all shares for withdrawal, one withdrawal a strategy.
    ///         The staker, its operator, or the operator's approver.
    function undelegate(address staker) external returns (bytes32[] memory withdrawalRoots);

    /// @notice `undelegate` and `delegateTo` in one. Shares follow when their withdrawals are completed.
    function redelegate(
        address newOperator,
        SignatureWithExpiry calldata newOperatorApproverSig,
        bytes32 approverSalt
    ) external returns (bytes32[] memory withdrawalRoots);

    /// @notice Queues withdrawals of the caller's shares.
    function queueWithdrawals(QueuedWithdrawalParams[] calldata params) external returns (bytes32[] memory);

    /// @notice Pays a queued withdrawal out, or turns it back into shares. Only the staker, after the delay.
    function completeQueuedWithdrawal(Withdrawal calldata withdrawal, address[] calldata tokens, bool receiveAsTokens)
        external;

    /// @notice Several of them.
    function completeQueuedWithdrawals(
        Withdrawal[] calldata withdrawals,
        address[][] calldata tokens,
        bool[] calldata receiveAsTokens
    ) external;

    /// @notice A deposit adds to the operator's shares. Only the StrategyManager.
    function increaseDelegatedShares(
        address staker,
        address strategy,
        uint256 prevDepositShares,
        uint256 addedShares
    ) external;

    /// @notice A slash lowers the operator's maximum magnitude. Only the AllocationManager.
    /// @return Shares to burn or redistribute, the queue's part included.
    function slashOperatorShares(
        address operator,
        OperatorSet calldata operatorSet,
        uint256 slashId,
        address strategy,
        uint64 prevMaxMagnitude,
        uint64 newMaxMagnitude
    ) external returns (uint256);

    function delegatedTo(address staker) external view returns (address);

    function delegationApprover(address operator) external view returns (address);

    function delegationApproverSaltIsSpent(address approver, bytes32 salt) external view returns (bool);

    function cumulativeWithdrawalsQueued(address staker) external view returns (uint256);

    function isDelegated(address staker) external view returns (bool);

    function isOperator(address operator) external view returns (bool);

    function operatorShares(address operator, address strategy) external view returns (uint256);

    function getOperatorShares(address operator, address[] calldata strategies)
        external
        view
        returns (uint256[] memory);

    function getOperatorsShares(address[] calldata operators, address[] calldata strategies)
        external
        view
        returns (uint256[][] memory);

    /// @notice Scaled shares in the operator's queue that a slash still reaches, at today's maximum magnitude.
    function getSlashableSharesInQueue(address operator, address strategy) external view returns (uint256);

    function getWithdrawableShares(address staker, address[] calldata strategies)
        external
        view
        returns (uint256[] memory withdrawableShares, uint256[] memory depositShares);

    function getDepositedShares(address staker)
        external
        view
        returns (address[] memory strategies, uint256[] memory depositShares);

    function depositScalingFactor(address staker, address strategy) external view returns (uint256);

    /// @notice Deposit shares to queue so that `withdrawableShares` come out.
    function convertToDepositShares(
        address staker,
        address[] calldata strategies,
        uint256[] calldata withdrawableShares
    ) external view returns (uint256[] memory);

    function getQueuedWithdrawal(bytes32 withdrawalRoot)
        external
        view
        returns (Withdrawal memory withdrawal, uint256[] memory shares);

    function getQueuedWithdrawals(address staker)
        external
        view
        returns (Withdrawal[] memory withdrawals, uint256[][] memory shares);

    function getQueuedWithdrawalRoots(address staker) external view returns (bytes32[] memory);

    function calculateWithdrawalRoot(Withdrawal calldata withdrawal) external pure returns (bytes32);

    function calculateDelegationApprovalDigestHash(
        address staker,
        address operator,
        address approver,
        bytes32 approverSalt,
        uint256 expiry
    ) external view returns (bytes32);

    function minWithdrawalDelayBlocks() external view returns (uint32);

    function domainSeparator() external view returns (bytes32);

    function version() external view returns (string memory);
}
