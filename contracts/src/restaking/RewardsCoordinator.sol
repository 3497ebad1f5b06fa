// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/utils/ReentrancyGuardTransient.sol";
import {DevelopmentChain} from "./DevelopmentChain.sol";
import {IAllocationManager} from "./interfaces/IAllocationManager.sol";
import {IRewardsCoordinator} from "./interfaces/IRewardsCoordinator.sol";
import {IStrategyManager} from "./interfaces/IStrategyManager.sol";
import {OperatorSet, OperatorSetLib} from "./interfaces/OperatorSet.sol";
import {RewardsProof} from "./libraries/RewardsProof.sol";
import {Pausable} from "./Pausable.sol";
import {PermissionCheck} from "./PermissionCheck.sol";

/// @title RewardsCoordinator
contract RewardsCoordinator is
    IRewardsCoordinator,
    Pausable,
    PermissionCheck,
    ReentrancyGuardTransient,
    DevelopmentChain
{
    using OperatorSetLib for OperatorSet;
    using SafeERC20 for IERC20;

    /// @param interval       Seconds; starts and durations are multiples of it.
    /// @param maxDuration    Seconds.
    /// @param maxRetroactive Seconds.
    /// @param maxFuture      Seconds.
    /// @param genesis        Unix seconds; no reward starts before.
    /// @param activation     Seconds from a root's submission until it can be claimed by.
    struct Times {
        uint32 interval;
        uint32 maxDuration;
        uint32 maxRetroactive;
        uint32 maxFuture;
        uint32 genesis;
        uint32 activation;
    }

    struct Split {
        uint16 old;
        uint16 next;
        uint32 activatedAt;
    }

    uint8 internal constant PAUSED_CLAIMS = 2;
    uint8 internal constant PAUSED_SUBMIT_ROOTS = 3;
    uint8 internal constant PAUSED_SUBMISSIONS = 6;
    uint256 private constant AMOUNT_MAX = 1e38 - 1;
    uint16 private constant ONE_HUNDRED_PERCENT_BIPS = 10_000;
    uint16 private constant DEFAULT_SPLIT_BIPS = 1_000;
    address private constant BEACONCHAIN_ETH_STRATEGY = 0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0;

    uint32 public immutable CALCULATION_INTERVAL_SECONDS;
    uint32 public immutable MAX_REWARDS_DURATION;
    uint32 public immutable MAX_RETROACTIVE_LENGTH;
    uint32 public immutable MAX_FUTURE_LENGTH;
    uint32 public immutable GENESIS_REWARDS_TIMESTAMP;
    uint32 public immutable activationDelay;
    address public immutable rewardsUpdater;
    IAllocationManager public immutable allocationManager;
    IStrategyManager public immutable strategyManager;

    mapping(address avs => uint256) public submissionNonce;
    mapping(address earner => mapping(address token => uint256)) public cumulativeClaimed;
    mapping(address earner => address) public claimerFor;
    mapping(address operator => mapping(bytes32 setKey => Split)) private _splits;
    DistributionRoot[] private _roots;

    constructor(
        address allocationManager_,
        address strategyManager_,
        address permissionController_,
        address pauser_,
        address updater,
        Times memory times
    ) Pausable(pauser_) PermissionCheck(permissionController_) {
        if (times.genesis % times.interval != 0) revert InvalidGenesisRewardsTimestampRemainder();
        allocationManager = IAllocationManager(allocationManager_);
        strategyManager = IStrategyManager(strategyManager_);
        rewardsUpdater = updater;
        CALCULATION_INTERVAL_SECONDS = times.interval;
        MAX_REWARDS_DURATION = times.maxDuration;
        MAX_RETROACTIVE_LENGTH = times.maxRetroactive;
        MAX_FUTURE_LENGTH = times.maxFuture;
        GENESIS_REWARDS_TIMESTAMP = times.genesis;
        activationDelay = times.activation;
    }

    modifier onlyUpdater() {
        if (msg.sender != rewardsUpdater) revert UnauthorizedCaller();
        _;
    }

    /// @inheritdoc IRewardsCoordinator
    function createOperatorDirectedOperatorSetRewardsSubmission(
        OperatorSet calldata operatorSet,
        OperatorDirectedRewardsSubmission[] calldata operatorDirectedRewardsSubmissions
    ) external nonReentrant onlyWhenNotPaused(PAUSED_SUBMISSIONS) {
        _checkSet(operatorSet);
        for (uint256 i; i < operatorDirectedRewardsSubmissions.length; ++i) {
            OperatorDirectedRewardsSubmission calldata submission = operatorDirectedRewardsSubmissions[i];
            uint256 total = _checkDirected(submission);
            uint256 nonce = submissionNonce[operatorSet.avs]++;
            bytes32 hash = keccak256(abi.encode(operatorSet.avs, nonce, submission));
            emit OperatorDirectedOperatorSetRewardsSubmissionCreated(msg.sender, hash, operatorSet, nonce, submission);
            IERC20(submission.token).safeTransferFrom(msg.sender, address(this), total);
        }
    }

    /// @inheritdoc IRewardsCoordinator
    function createUniqueStakeRewardsSubmission(
        OperatorSet calldata operatorSet,
        RewardsSubmission[] calldata rewardsSubmissions
    ) external nonReentrant onlyWhenNotPaused(PAUSED_SUBMISSIONS) {
        _checkSet(operatorSet);
        for (uint256 i; i < rewardsSubmissions.length; ++i) {
            (uint256 nonce, bytes32 hash) = _accept(operatorSet.avs, rewardsSubmissions[i]);
            emit UniqueStakeRewardsSubmissionCreated(msg.sender, hash, operatorSet, nonce, rewardsSubmissions[i]);
            _collect(rewardsSubmissions[i]);
        }
    }

    /// @inheritdoc IRewardsCoordinator
    function createTotalStakeRewardsSubmission(
        OperatorSet calldata operatorSet,
        RewardsSubmission[] calldata rewardsSubmissions
    ) external nonReentrant onlyWhenNotPaused(PAUSED_SUBMISSIONS) {
        _checkSet(operatorSet);
        for (uint256 i; i < rewardsSubmissions.length; ++i) {
            (uint256 nonce, bytes32 hash) = _accept(operatorSet.avs, rewardsSubmissions[i]);
            emit TotalStakeRewardsSubmissionCreated(msg.sender, hash, operatorSet, nonce, rewardsSubmissions[i]);
            _collect(rewardsSubmissions[i]);
        }
    }

    /// @inheritdoc IRewardsCoordinator
    function submitRoot(bytes32 root, uint32 rewardsCalculationEndTimestamp)
        external
        onlyUpdater
        onlyWhenNotPaused(PAUSED_SUBMIT_ROOTS)
    {
        uint256 count = _roots.length;
        if (count > 0 && rewardsCalculationEndTimestamp <= _roots[count - 1].rewardsCalculationEndTimestamp) {
            revert NewRootMustBeForNewCalculatedPeriod();
        }
        if (rewardsCalculationEndTimestamp >= block.timestamp) revert RewardsEndTimestampNotElapsed();
        uint32 activatedAt = uint32(block.timestamp) + activationDelay;
        _roots.push(DistributionRoot(root, rewardsCalculationEndTimestamp, activatedAt, false));
        emit DistributionRootSubmitted(uint32(count), root, rewardsCalculationEndTimestamp, activatedAt);
    }

    /// @inheritdoc IRewardsCoordinator
    function disableRoot(uint32 rootIndex) external onlyUpdater {
        if (rootIndex >= _roots.length) revert InvalidRootIndex();
        DistributionRoot storage root = _roots[rootIndex];
        if (root.disabled) revert RootDisabled();
        if (block.timestamp >= root.activatedAt) revert RootAlreadyActivated();
        root.disabled = true;
        emit DistributionRootDisabled(rootIndex);
    }

    /// @inheritdoc IRewardsCoordinator
    function processClaim(RewardsMerkleClaim calldata claim, address recipient)
        external
        nonReentrant
        onlyWhenNotPaused(PAUSED_CLAIMS)
    {
        _processClaim(claim, recipient);
    }

    /// @inheritdoc IRewardsCoordinator
    function processClaims(RewardsMerkleClaim[] calldata claims, address recipient)
        external
        nonReentrant
        onlyWhenNotPaused(PAUSED_CLAIMS)
    {
        for (uint256 i; i < claims.length; ++i) _processClaim(claims[i], recipient);
    }

    /// @inheritdoc IRewardsCoordinator
    function setClaimerFor(address claimer) external {
        _setClaimer(msg.sender, claimer);
    }

    /// @inheritdoc IRewardsCoordinator
    function setClaimerFor(address earner, address claimer) external {
        if (!_canCall(earner)) revert InvalidPermissions();
        _setClaimer(earner, claimer);
    }

    /// @inheritdoc IRewardsCoordinator
    function setOperatorSetSplit(address operator, OperatorSet calldata operatorSet, uint16 split) external {
        if (!_canCall(operator)) revert InvalidPermissions();
        if (!allocationManager.isOperatorSet(operatorSet)) revert InvalidOperatorSet();
        if (split > ONE_HUNDRED_PERCENT_BIPS) revert SplitExceedsMax();
        Split storage stored = _splits[operator][operatorSet.key()];
        if (block.timestamp < stored.activatedAt) revert PreviousSplitPending();
        uint16 old = getOperatorSetSplit(operator, operatorSet);
        uint32 activatedAt = uint32(block.timestamp) + activationDelay;
        _splits[operator][operatorSet.key()] = Split({old: old, next: split, activatedAt: activatedAt});
        emit OperatorSetSplitBipsSet(msg.sender, operator, operatorSet, activatedAt, old, split);
    }

    /// @inheritdoc IRewardsCoordinator
    function getOperatorSetSplit(address operator, OperatorSet memory operatorSet) public view returns (uint16) {
        Split memory split = _splits[operator][operatorSet.key()];
        if (split.activatedAt == 0) return DEFAULT_SPLIT_BIPS;
        return block.timestamp >= split.activatedAt ? split.next : split.old;
    }

    /// @inheritdoc IRewardsCoordinator
    function getDistributionRootsLength() external view returns (uint256) {
        return _roots.length;
    }

    /// @inheritdoc IRewardsCoordinator
    function getDistributionRootAtIndex(uint256 index) external view returns (DistributionRoot memory) {
        return _roots[index];
    }

    /// @inheritdoc IRewardsCoordinator
    function getCurrentDistributionRoot() external view returns (DistributionRoot memory) {
        return _roots[_roots.length - 1];
    }

    /// @inheritdoc IRewardsCoordinator
    function getCurrentClaimableDistributionRoot() external view returns (DistributionRoot memory root) {
        for (uint256 i = _roots.length; i > 0; --i) {
            root = _roots[i - 1];
            if (!root.disabled && block.timestamp >= root.activatedAt) return root;
        }
        delete root;
    }

    /// @inheritdoc IRewardsCoordinator
    function calculateEarnerLeafHash(EarnerTreeMerkleLeaf calldata leaf) external pure returns (bytes32) {
        return RewardsProof.earnerLeaf(leaf);
    }

    /// @inheritdoc IRewardsCoordinator
    function calculateTokenLeafHash(TokenTreeMerkleLeaf calldata leaf) external pure returns (bytes32) {
        return RewardsProof.tokenLeaf(leaf);
    }

    /// @inheritdoc IRewardsCoordinator
    function checkClaim(RewardsMerkleClaim calldata claim) external view returns (bool) {
        _checkClaim(claim);
        return true;
    }

    function _processClaim(RewardsMerkleClaim calldata claim, address recipient) private {
        if (recipient == address(0)) revert InputAddressZero();
        bytes32 root = _checkClaim(claim);
        address earner = claim.earnerLeaf.earner;
        address claimer = claimerFor[earner];
        if (msg.sender != (claimer == address(0) ? earner : claimer)) revert UnauthorizedCaller();
        for (uint256 i; i < claim.tokenLeaves.length; ++i) {
            TokenTreeMerkleLeaf calldata leaf = claim.tokenLeaves[i];
            uint256 claimed = cumulativeClaimed[earner][leaf.token];
            if (leaf.cumulativeEarnings <= claimed) revert EarningsNotGreaterThanClaimed();

            cumulativeClaimed[earner][leaf.token] = leaf.cumulativeEarnings;
            uint256 amount = leaf.cumulativeEarnings - claimed;
            emit RewardsClaimed(root, earner, msg.sender, recipient, leaf.token, amount);
            IERC20(leaf.token).safeTransfer(recipient, amount);
        }
    }

    function _setClaimer(address earner, address claimer) private {
        emit ClaimerForSet(earner, claimerFor[earner], claimer);
        claimerFor[earner] = claimer;
    }

    function _accept(address avs, RewardsSubmission calldata submission)
        private
        returns (uint256 nonce, bytes32 hash)
    {
        if (submission.amount == 0) revert AmountIsZero();
        if (submission.amount > AMOUNT_MAX) revert AmountExceedsMax();
        if (submission.startTimestamp > block.timestamp + MAX_FUTURE_LENGTH) revert StartTimestampTooFarInFuture();
        _checkCommon(submission.strategiesAndMultipliers, submission.startTimestamp, submission.duration);
        nonce = submissionNonce[avs]++;
        hash = keccak256(abi.encode(avs, nonce, submission));
    }

    function _collect(RewardsSubmission calldata submission) private {
        IERC20(submission.token).safeTransferFrom(msg.sender, address(this), submission.amount);
    }

    function _checkDirected(OperatorDirectedRewardsSubmission calldata submission)
        private
        view
        returns (uint256 total)
    {
        if (submission.operatorRewards.length == 0) revert InputArrayLengthZero();
        for (uint256 i; i < submission.operatorRewards.length; ++i) {
            OperatorReward calldata reward = submission.operatorRewards[i];
            if (reward.operator == address(0)) revert InputAddressZero();
            if (i > 0 && reward.operator <= submission.operatorRewards[i - 1].operator) {
                revert OperatorsNotInAscendingOrder();
            }
            if (reward.amount == 0) revert AmountIsZero();
            total += reward.amount;
        }
        if (total > AMOUNT_MAX) revert AmountExceedsMax();
        if (uint256(submission.startTimestamp) + submission.duration >= block.timestamp) {
            revert SubmissionNotRetroactive();
        }
        _checkCommon(submission.strategiesAndMultipliers, submission.startTimestamp, submission.duration);
    }

    function _checkCommon(StrategyAndMultiplier[] calldata strategies, uint32 start, uint32 duration) private view {
        if (strategies.length == 0) revert InputArrayLengthZero();
        for (uint256 i; i < strategies.length; ++i) {
            address strategy = strategies[i].strategy;
            if (i > 0 && strategy <= strategies[i - 1].strategy) revert StrategiesNotInAscendingOrder();
            if (strategy != BEACONCHAIN_ETH_STRATEGY && !strategyManager.strategyIsWhitelistedForDeposit(strategy)) {
                revert StrategyNotWhitelisted();
            }
        }
        if (duration == 0) revert DurationIsZero();
        if (duration > MAX_REWARDS_DURATION) revert DurationExceedsMax();
        if (duration % CALCULATION_INTERVAL_SECONDS != 0) revert InvalidDurationRemainder();
        if (start % CALCULATION_INTERVAL_SECONDS != 0) revert InvalidStartTimestampRemainder();
        if (uint256(start) + MAX_RETROACTIVE_LENGTH < block.timestamp || start < GENESIS_REWARDS_TIMESTAMP) {
            revert StartTimestampTooFarInPast();
        }
    }

    function _checkSet(OperatorSet calldata operatorSet) private view {
        if (!_canCall(operatorSet.avs)) revert InvalidPermissions();
        if (!allocationManager.isOperatorSet(operatorSet)) revert InvalidOperatorSet();
    }

    function _checkClaim(RewardsMerkleClaim calldata claim) private view returns (bytes32) {
        if (claim.rootIndex >= _roots.length) revert InvalidRootIndex();
        DistributionRoot memory root = _roots[claim.rootIndex];
        if (root.disabled) revert RootDisabled();
        if (block.timestamp < root.activatedAt) revert RootNotActivated();
        RewardsProof.check(claim, root.root);
        return root.root;
    }
}
