// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/access/Ownable.sol";
import {IERC20} from "@openzeppelin/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/utils/cryptography/SignatureChecker.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/utils/ReentrancyGuardTransient.sol";
import {EnumerableMap} from "@openzeppelin/utils/structs/EnumerableMap.sol";
import {EnumerableSet} from "@openzeppelin/utils/structs/EnumerableSet.sol";
import {DevelopmentChain} from "./DevelopmentChain.sol";
import {IAllocationManager} from "./interfaces/IAllocationManager.sol";
import {IDelegationManager} from "./interfaces/IDelegationManager.sol";
import {IStrategy} from "./interfaces/IStrategy.sol";
import {IStrategyManager} from "./interfaces/IStrategyManager.sol";
import {OperatorSet, OperatorSetLib} from "./interfaces/OperatorSet.sol";
import {Pausable} from "./Pausable.sol";

/// @title StrategyManager
contract StrategyManager is
    IStrategyManager,
    Ownable,
    Pausable,
    ReentrancyGuardTransient,
    EIP712,
    DevelopmentChain
{
    using EnumerableMap for EnumerableMap.AddressToUintMap;
    using EnumerableSet for EnumerableSet.Bytes32Set;
    using EnumerableSet for EnumerableSet.UintSet;
    using OperatorSetLib for OperatorSet;
    using SafeERC20 for IERC20;

    uint8 internal constant PAUSED_DEPOSITS = 0;
    /// @dev Core v1.13.
    uint8 internal constant PAUSED_BURNING_AND_REDISTRIBUTION = 1;
    uint256 private constant STAKER_STRATEGIES_MAX = 32;
    bytes32 private constant DEPOSIT_TYPEHASH = keccak256(
        "Deposit(address staker,address strategy,address token,uint256 amount,uint256 nonce,uint256 expiry)"
    );

    uint32 public immutable SLASH_RESOLUTION_DELAY_BLOCKS;
    IAllocationManager public immutable allocationManager;
    IDelegationManager public immutable delegation;

    address public strategyWhitelister;
    mapping(address strategy => bool) public strategyIsWhitelistedForDeposit;
    mapping(address signer => uint256) public nonces;

    mapping(address staker => EnumerableMap.AddressToUintMap) private _deposits;
    /// @dev Slashed shares by set, slash and strategy, until they are cleared.
    mapping(bytes32 setKey => mapping(uint256 slashId => EnumerableMap.AddressToUintMap)) private _slashed;
    mapping(bytes32 setKey => mapping(uint256 slashId => uint32)) private _resolutionBlocks;
    mapping(bytes32 setKey => EnumerableSet.UintSet) private _pendingSlashIds;
    EnumerableSet.Bytes32Set private _pendingSets;

    modifier onlyDelegationManager() {
        if (msg.sender != address(delegation)) revert OnlyDelegationManager();
        _;
    }

    modifier onlyStrategyWhitelister() {
        if (msg.sender != strategyWhitelister) revert OnlyStrategyWhitelister();
        _;
    }

    /// @param whitelister     The StrategyFactory.
    /// @param resolutionDelay Blocks that slashed funds rest before they can be cleared; zero as before core v1.13.
    constructor(
        address allocationManager_,
        address delegation_,
        address owner_,
        address whitelister,
        address pauser_,
        uint32 resolutionDelay
    ) Ownable(owner_) Pausable(pauser_) EIP712("EigenLayer", "1") {
        allocationManager = IAllocationManager(allocationManager_);
        delegation = IDelegationManager(delegation_);
        SLASH_RESOLUTION_DELAY_BLOCKS = resolutionDelay;
        _setWhitelister(whitelister);
    }

    /// @inheritdoc IStrategyManager
    function depositIntoStrategy(address strategy, address token, uint256 amount)
        external
        nonReentrant
        onlyWhenNotPaused(PAUSED_DEPOSITS)
        returns (uint256)
    {
        return _deposit(msg.sender, strategy, token, amount);
    }

    /// @inheritdoc IStrategyManager
    function depositIntoStrategyWithSignature(
        address strategy,
        address token,
        uint256 amount,
        address staker,
        uint256 expiry,
        bytes calldata signature
    ) external nonReentrant onlyWhenNotPaused(PAUSED_DEPOSITS) returns (uint256) {
        if (block.timestamp > expiry) revert SignatureExpired();
        bytes32 digest =
            calculateStrategyDepositDigestHash(staker, strategy, token, amount, nonces[staker]++, expiry);
        if (!SignatureChecker.isValidSignatureNow(staker, digest, signature)) revert InvalidSignature();
        return _deposit(staker, strategy, token, amount);
    }

    /// @inheritdoc IStrategyManager
    function removeDepositShares(address staker, address strategy, uint256 depositSharesToRemove)
        external
        onlyDelegationManager
        returns (uint256 left)
    {
        if (depositSharesToRemove == 0) revert SharesAmountZero();
        uint256 held = stakerDepositShares(staker, strategy);
        if (depositSharesToRemove > held) revert SharesAmountTooHigh();
        IStrategy(strategy).beforeRemoveShares(staker, depositSharesToRemove);
        left = held - depositSharesToRemove;
        if (left == 0) _deposits[staker].remove(strategy);
        else _deposits[staker].set(strategy, left);
    }

    /// @inheritdoc IStrategyManager
    function addShares(address staker, address strategy, uint256 shares)
        external
        onlyDelegationManager
        returns (uint256, uint256)
    {
        return _addShares(staker, strategy, shares);
    }

    /// @inheritdoc IStrategyManager
    function withdrawSharesAsTokens(address staker, address strategy, address token, uint256 shares)
        external
        onlyDelegationManager
    {
        IStrategy(strategy).withdraw(staker, token, shares);
    }

    /// @inheritdoc IStrategyManager
    function increaseBurnOrRedistributableShares(
        OperatorSet calldata operatorSet,
        uint256 slashId,
        address strategy,
        uint256 addedSharesToBurn
    ) external onlyDelegationManager {
        bytes32 setKey = operatorSet.key();
        if (!_slashed[setKey][slashId].set(strategy, addedSharesToBurn)) revert StrategyAlreadyInSlash();
        _pendingSlashIds[setKey].add(slashId);
        _pendingSets.add(setKey);
        _resolutionBlocks[setKey][slashId] = uint32(block.number) + SLASH_RESOLUTION_DELAY_BLOCKS;
        emit BurnOrRedistributableSharesIncreased(operatorSet, slashId, strategy, addedSharesToBurn);
    }

    /// @inheritdoc IStrategyManager
    function clearBurnOrRedistributableShares(OperatorSet calldata operatorSet, uint256 slashId)
        external
        nonReentrant
        onlyWhenNotPaused(PAUSED_BURNING_AND_REDISTRIBUTION)
        returns (uint256[] memory amounts)
    {
        address[] memory strategies = _slashed[operatorSet.key()][slashId].keys();
        amounts = new uint256[](strategies.length);
        for (uint256 i; i < strategies.length; ++i) amounts[i] = _clear(operatorSet, slashId, strategies[i]);
    }

    /// @inheritdoc IStrategyManager
    function clearBurnOrRedistributableSharesByStrategy(
        OperatorSet calldata operatorSet,
        uint256 slashId,
        address strategy
    ) external nonReentrant onlyWhenNotPaused(PAUSED_BURNING_AND_REDISTRIBUTION) returns (uint256) {
        return _clear(operatorSet, slashId, strategy);
    }

    /// @inheritdoc IStrategyManager
    function addStrategiesToDepositWhitelist(address[] calldata strategies) external onlyStrategyWhitelister {
        for (uint256 i; i < strategies.length; ++i) {
            if (strategyIsWhitelistedForDeposit[strategies[i]]) continue;
            strategyIsWhitelistedForDeposit[strategies[i]] = true;
            emit StrategyAddedToDepositWhitelist(strategies[i]);
        }
    }

    /// @inheritdoc IStrategyManager
    function removeStrategiesFromDepositWhitelist(address[] calldata strategies) external onlyStrategyWhitelister {
        for (uint256 i; i < strategies.length; ++i) {
            if (!strategyIsWhitelistedForDeposit[strategies[i]]) continue;
            strategyIsWhitelistedForDeposit[strategies[i]] = false;
            emit StrategyRemovedFromDepositWhitelist(strategies[i]);
        }
    }

    /// @inheritdoc IStrategyManager
    function setStrategyWhitelister(address newStrategyWhitelister) external onlyOwner {
        _setWhitelister(newStrategyWhitelister);
    }

    /// @inheritdoc IStrategyManager
    function getDeposits(address staker) external view returns (address[] memory strategies, uint256[] memory shares) {
        strategies = _deposits[staker].keys();
        shares = new uint256[](strategies.length);
        for (uint256 i; i < strategies.length; ++i) shares[i] = _deposits[staker].get(strategies[i]);
    }

    /// @inheritdoc IStrategyManager
    function getStakerStrategyList(address staker) external view returns (address[] memory) {
        return _deposits[staker].keys();
    }

    /// @inheritdoc IStrategyManager
    function stakerDepositShares(address staker, address strategy) public view returns (uint256 shares) {
        (, shares) = _deposits[staker].tryGet(strategy);
    }

    /// @inheritdoc IStrategyManager
    function stakerStrategyListLength(address staker) external view returns (uint256) {
        return _deposits[staker].length();
    }

    /// @inheritdoc IStrategyManager
    function getBurnOrRedistributableShares(OperatorSet calldata operatorSet, uint256 slashId)
        external
        view
        returns (address[] memory strategies, uint256[] memory shares)
    {
        EnumerableMap.AddressToUintMap storage slashed = _slashed[operatorSet.key()][slashId];
        strategies = slashed.keys();
        shares = new uint256[](strategies.length);
        for (uint256 i; i < strategies.length; ++i) shares[i] = slashed.get(strategies[i]);
    }

    /// @inheritdoc IStrategyManager
    function getBurnOrRedistributableShares(OperatorSet calldata operatorSet, uint256 slashId, address strategy)
        external
        view
        returns (uint256 shares)
    {
        (, shares) = _slashed[operatorSet.key()][slashId].tryGet(strategy);
    }

    /// @inheritdoc IStrategyManager
    function getBurnOrRedistributableCount(OperatorSet calldata operatorSet, uint256 slashId)
        external
        view
        returns (uint256)
    {
        return _slashed[operatorSet.key()][slashId].length();
    }

    /// @inheritdoc IStrategyManager
    function getPendingOperatorSets() external view returns (OperatorSet[] memory sets) {
        bytes32[] memory keys = _pendingSets.values();
        sets = new OperatorSet[](keys.length);
        for (uint256 i; i < keys.length; ++i) sets[i] = OperatorSetLib.decode(keys[i]);
    }

    /// @inheritdoc IStrategyManager
    function getPendingSlashIds(OperatorSet calldata operatorSet) external view returns (uint256[] memory) {
        return _pendingSlashIds[operatorSet.key()].values();
    }

    /// @inheritdoc IStrategyManager
    function getSlashResolutionBlock(OperatorSet calldata operatorSet, uint256 slashId)
        external
        view
        returns (uint32)
    {
        return _resolutionBlocks[operatorSet.key()][slashId];
    }

    /// @inheritdoc IStrategyManager
    function calculateStrategyDepositDigestHash(
        address staker,
        address strategy,
        address token,
        uint256 amount,
        uint256 nonce,
        uint256 expiry
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(DEPOSIT_TYPEHASH, staker, strategy, token, amount, nonce, expiry))
        );
    }

    /// @inheritdoc IStrategyManager
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IStrategyManager
    function version() external pure returns (string memory) {
        return "1.12.0-altlayer";
    }

    function _deposit(address staker, address strategy, address token, uint256 amount)
        private
        returns (uint256 shares)
    {
        if (!strategyIsWhitelistedForDeposit[strategy]) revert StrategyNotWhitelisted();
        uint256 before = IERC20(token).balanceOf(strategy);
        IERC20(token).safeTransferFrom(msg.sender, strategy, amount);
        if (IERC20(token).balanceOf(strategy) - before != amount) revert TransferAmountMismatch();

        shares = IStrategy(strategy).deposit(token, amount);
        (uint256 previous, uint256 added) = _addShares(staker, strategy, shares);
        delegation.increaseDelegatedShares(staker, strategy, previous, added);
    }

    function _addShares(address staker, address strategy, uint256 shares)
        private
        returns (uint256 previous, uint256 added)
    {
        if (staker == address(0)) revert StakerAddressZero();
        if (shares == 0) revert SharesAmountZero();
        EnumerableMap.AddressToUintMap storage deposits = _deposits[staker];
        previous = stakerDepositShares(staker, strategy);
        if (previous == 0 && deposits.length() >= STAKER_STRATEGIES_MAX) revert MaxStrategiesExceeded();
        IStrategy(strategy).beforeAddShares(staker, shares);
        deposits.set(strategy, previous + shares);
        emit Deposit(staker, strategy, shares);
        return (previous, shares);
    }

    function _clear(OperatorSet calldata operatorSet, uint256 slashId, address strategy)
        private
        returns (uint256 amount)
    {
        bytes32 setKey = operatorSet.key();
        EnumerableMap.AddressToUintMap storage slashed = _slashed[setKey][slashId];
        (bool found, uint256 shares) = slashed.tryGet(strategy);
        if (!found) return 0;
        bool resting = SLASH_RESOLUTION_DELAY_BLOCKS != 0 && block.number <= _resolutionBlocks[setKey][slashId];
        if (resting) revert SlashResolutionDelayNotElapsed();

        slashed.remove(strategy);
        if (slashed.length() == 0) {
            _pendingSlashIds[setKey].remove(slashId);
            if (_pendingSlashIds[setKey].length() == 0) _pendingSets.remove(setKey);
        }
        emit BurnOrRedistributableSharesDecreased(operatorSet, slashId, strategy, shares);

        if (shares == 0) return 0;
        return IStrategy(strategy).withdraw(
            allocationManager.getRedistributionRecipient(operatorSet),
            IStrategy(strategy).underlyingToken(),
            shares
        );
    }

    function _setWhitelister(address newWhitelister) private {
        emit StrategyWhitelisterChanged(strategyWhitelister, newWhitelister);
        strategyWhitelister = newWhitelister;
    }
}
