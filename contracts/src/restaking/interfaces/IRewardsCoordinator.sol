// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {OperatorSet} from "./OperatorSet.sol";

/// @title IRewardsCoordinator
/// @notice Takes rewards from AVSs, and pays earners by Merkle root. The root is an updater's word: on a development
///         chain ours, on a public one EigenLayer's.
interface IRewardsCoordinator {
    struct StrategyAndMultiplier {
        address strategy;
        uint96 multiplier;
    }

    struct RewardsSubmission {
        StrategyAndMultiplier[] strategiesAndMultipliers;
        address token;
        uint256 amount;
        uint32 startTimestamp;
        uint32 duration;
    }

    struct OperatorReward {
        address operator;
        uint256 amount;
    }

    struct OperatorDirectedRewardsSubmission {
        StrategyAndMultiplier[] strategiesAndMultipliers;
        address token;
        OperatorReward[] operatorRewards;
        uint32 startTimestamp;
        uint32 duration;
        string description;
    }

    struct DistributionRoot {
        bytes32 root;
        uint32 rewardsCalculationEndTimestamp;
        uint32 activatedAt;
        bool disabled;
    }

    struct EarnerTreeMerkleLeaf {
        address earner;
        bytes32 earnerTokenRoot;
    }

    struct TokenTreeMerkleLeaf {
        address token;
        uint256 cumulativeEarnings;
    }

    struct RewardsMerkleClaim {
        uint32 rootIndex;
        uint32 earnerIndex;
        bytes earnerTreeProof;
        EarnerTreeMerkleLeaf earnerLeaf;
        uint32[] tokenIndices;
        bytes[] tokenTreeProofs;
        TokenTreeMerkleLeaf[] tokenLeaves;
    }

    event OperatorDirectedOperatorSetRewardsSubmissionCreated(
        address indexed caller,
        bytes32 indexed operatorDirectedRewardsSubmissionHash,
        OperatorSet operatorSet,
        uint256 submissionNonce,
        OperatorDirectedRewardsSubmission operatorDirectedRewardsSubmission
    );
    event UniqueStakeRewardsSubmissionCreated(
        address indexed submitter,
        bytes32 indexed rewardsSubmissionHash,
        OperatorSet operatorSet,
        uint256 submissionNonce,
        RewardsSubmission rewardsSubmission
    );
    event TotalStakeRewardsSubmissionCreated(
        address indexed submitter,
        bytes32 indexed rewardsSubmissionHash,
        OperatorSet operatorSet,
        uint256 submissionNonce,
        RewardsSubmission rewardsSubmission
    );
    event DistributionRootSubmitted(
        uint32 indexed rootIndex, bytes32 indexed root, uint32 indexed rewardsCalculationEndTimestamp, uint32 activatedAt
    );
    event DistributionRootDisabled(uint32 indexed rootIndex);
    event RewardsClaimed(
        bytes32 root,
        address indexed earner,
        address indexed claimer,
        address indexed recipient,
        address token,
        uint256 claimedAmount
    );
    event ClaimerForSet(address indexed earner, address indexed oldClaimer, address indexed claimer);
    event OperatorSetSplitBipsSet(
        address indexed caller,
        address indexed operator,
        OperatorSet operatorSet,
        uint32 activatedAt,
        uint16 oldOperatorSetSplitBips,
        uint16 newOperatorSetSplitBips
    );

    error InputArrayLengthZero();
    error InputArrayLengthMismatch();
    error InputAddressZero();
    error InvalidPermissions();
    error InvalidOperatorSet();
    error StrategiesNotInAscendingOrder();
    error StrategyNotWhitelisted();
    error OperatorsNotInAscendingOrder();
    error AmountIsZero();
    error AmountExceedsMax();
    error DurationIsZero();
    error DurationExceedsMax();
    error InvalidDurationRemainder();
    error InvalidStartTimestampRemainder();
    error InvalidGenesisRewardsTimestampRemainder();
    error StartTimestampTooFarInFuture();
    error StartTimestampTooFarInPast();
    error SubmissionNotRetroactive();
    error NewRootMustBeForNewCalculatedPeriod();
    error RewardsEndTimestampNotElapsed();
    error InvalidRoot();
    error InvalidRootIndex();
    error RootDisabled();
    error RootAlreadyActivated();
    error RootNotActivated();
    error UnauthorizedCaller();
    error EarningsNotGreaterThanClaimed();
    error InvalidClaimProof();
    error InvalidEarnerLeafIndex();
    error InvalidTokenLeafIndex();
    error SplitExceedsMax();
    error PreviousSplitPending();

    /// @notice Amounts by operator, for a time that is over. Only the set's AVS or who may call for it; the caller
    ///         pays.
    function createOperatorDirectedOperatorSetRewardsSubmission(
        OperatorSet calldata operatorSet,
        OperatorDirectedRewardsSubmission[] calldata operatorDirectedRewardsSubmissions
    ) external;

    /// @notice An amount to divide by allocated magnitude.
    function createUniqueStakeRewardsSubmission(
        OperatorSet calldata operatorSet,
        RewardsSubmission[] calldata rewardsSubmissions
    ) external;

    /// @notice An amount to divide by delegated stake.
    function createTotalStakeRewardsSubmission(
        OperatorSet calldata operatorSet,
        RewardsSubmission[] calldata rewardsSubmissions
    ) external;

    /// @notice A root of cumulative earnings up to `rewardsCalculationEndTimestamp`. Only the updater.
    function submitRoot(bytes32 root, uint32 rewardsCalculationEndTimestamp) external;

    /// @notice Takes a root back before it is active. Only the updater.
    function disableRoot(uint32 rootIndex) external;

    /// @notice Pays what an earner's cumulative earnings exceed what was claimed. Only the earner or its claimer.
    function processClaim(RewardsMerkleClaim calldata claim, address recipient) external;

    function processClaims(RewardsMerkleClaim[] calldata claims, address recipient) external;

    function setClaimerFor(address claimer) external;

    /// @notice Only `earner` or who may call for it.
    function setClaimerFor(address earner, address claimer) external;

    /// @notice The operator's own part of a set's rewards, in 1e4ths, in force after `activationDelay`.
    function setOperatorSetSplit(address operator, OperatorSet calldata operatorSet, uint16 split) external;

    function getOperatorSetSplit(address operator, OperatorSet calldata operatorSet) external view returns (uint16);

    function cumulativeClaimed(address earner, address token) external view returns (uint256);

    function claimerFor(address earner) external view returns (address);

    function rewardsUpdater() external view returns (address);

    function activationDelay() external view returns (uint32);

    function submissionNonce(address avs) external view returns (uint256);

    function getDistributionRootsLength() external view returns (uint256);

    function getDistributionRootAtIndex(uint256 index) external view returns (DistributionRoot memory);

    function getCurrentDistributionRoot() external view returns (DistributionRoot memory);

    function getCurrentClaimableDistributionRoot() external view returns (DistributionRoot memory);

    function calculateEarnerLeafHash(EarnerTreeMerkleLeaf calldata leaf) external pure returns (bytes32);

    function calculateTokenLeafHash(TokenTreeMerkleLeaf calldata leaf) external pure returns (bytes32);

    function checkClaim(RewardsMerkleClaim calldata claim) external view returns (bool);

    function CALCULATION_INTERVAL_SECONDS() external view returns (uint32);

    function MAX_REWARDS_DURATION() external view returns (uint32);

    function MAX_RETROACTIVE_LENGTH() external view returns (uint32);

    function MAX_FUTURE_LENGTH() external view returns (uint32);

    function GENESIS_REWARDS_TIMESTAMP() external view returns (uint32);
}
