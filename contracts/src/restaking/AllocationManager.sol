// SPDX-License-Identifier: MIT
// Size: what changes allocations, sets and magnitudes, at the one address of EigenLayer's ABI; its views are split off already.
pragma solidity 0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/utils/ReentrancyGuardTransient.sol";
import {Checkpoints} from "@openzeppelin/utils/structs/Checkpoints.sol";
import {DoubleEndedQueue} from "@openzeppelin/utils/structs/DoubleEndedQueue.sol";
import {EnumerableSet} from "@openzeppelin/utils/structs/EnumerableSet.sol";
import {AllocationManagerStorage} from "./AllocationManagerStorage.sol";
import {DevelopmentChain} from "./DevelopmentChain.sol";
import {IAllocationManager} from "./interfaces/IAllocationManager.sol";
import {IAVSRegistrar} from "./interfaces/IAVSRegistrar.sol";
import {OperatorSet, OperatorSetLib} from "./interfaces/OperatorSet.sol";
import {SlashingMath} from "./libraries/SlashingMath.sol";
import {Pausable} from "./Pausable.sol";
import {PermissionCheck} from "./PermissionCheck.sol";

/// @title AllocationManager
/// @notice The calls of IAllocationManager, which documents them. Its views live in AllocationManagerView, reached by
///         delegatecall under this contract's address: together they would exceed EIP-170.
contract AllocationManager is
    AllocationManagerStorage,
    Pausable,
    PermissionCheck,
    ReentrancyGuardTransient,
    DevelopmentChain
{
    using Checkpoints for Checkpoints.Trace224;
    using DoubleEndedQueue for DoubleEndedQueue.Bytes32Deque;
    using EnumerableSet for EnumerableSet.AddressSet;
    using EnumerableSet for EnumerableSet.Bytes32Set;
    using EnumerableSet for EnumerableSet.UintSet;
    using OperatorSetLib for OperatorSet;

    uint8 internal constant PAUSED_MODIFY_ALLOCATIONS = 0;
    uint8 internal constant PAUSED_OPERATOR_SLASHING = 1;
    uint8 internal constant PAUSED_REGISTRATION = 2;

    uint32 public immutable DEALLOCATION_DELAY;
    uint32 public immutable ALLOCATION_CONFIGURATION_DELAY;
    uint32 public immutable SLASHER_CONFIGURATION_DELAY;
    address private immutable _views;

    /// @param views  AllocationManagerView, made with the same delegation manager and EIGEN strategy.
    /// @param delays In blocks. The deallocation delay has to equal the DelegationManager's withdrawal delay.
    constructor(
        address views,
        address delegation_,
        address eigenStrategy_,
        address permissionController_,
        address pauser_,
        Delays memory delays
    ) AllocationManagerStorage(delegation_, eigenStrategy_) Pausable(pauser_) PermissionCheck(permissionController_) {
        _views = views;
        DEALLOCATION_DELAY = delays.deallocation;
        ALLOCATION_CONFIGURATION_DELAY = delays.allocationConfiguration;
        SLASHER_CONFIGURATION_DELAY = delays.slasherConfiguration;
    }

    /// @dev All views.
    fallback() external {
        address views = _views;
        assembly ("memory-safe") {
            let input := mload(0x40)
            calldatacopy(input, 0, calldatasize())
            let success := delegatecall(gas(), views, input, calldatasize(), 0, 0)
            returndatacopy(input, 0, returndatasize())
            if success { return(input, returndatasize()) }
            revert(input, returndatasize())
        }
    }

    function updateAVSMetadataURI(address avs, string calldata metadataURI) external {
        _checkCanCall(avs);
        _hasMetadata[avs] = true;
        emit IAllocationManager.AVSMetadataURIUpdated(avs, metadataURI);
    }

    function setAVSRegistrar(address avs, address registrar) external {
        _checkCanCall(avs);
        if (!IAVSRegistrar(registrar).supportsAVS(avs)) revert IAllocationManager.InvalidAVSRegistrar();
        _registrars[avs] = registrar;
        emit IAllocationManager.AVSRegistrarSet(avs, _registrarOf(avs));
    }

    function createOperatorSets(address avs, IAllocationManager.CreateSetParamsV2[] calldata params) external {
        _checkCanCall(avs);
        for (uint256 i; i < params.length; ++i) {
            _createSet(OperatorSet(avs, params[i].operatorSetId), params[i].strategies, params[i].slasher, address(0));
        }
    }

    function createOperatorSets(address avs, IAllocationManager.CreateSetParams[] calldata params) external {
        _checkCanCall(avs);
        for (uint256 i; i < params.length; ++i) {
            _createSet(OperatorSet(avs, params[i].operatorSetId), params[i].strategies, avs, address(0));
        }
    }

    function createRedistributingOperatorSets(
        address avs,
        IAllocationManager.CreateSetParamsV2[] calldata params,
        address[] calldata redistributionRecipients
    ) external {
        _checkCanCall(avs);
        if (params.length != redistributionRecipients.length) revert IAllocationManager.InputArrayLengthMismatch();
        for (uint256 i; i < params.length; ++i) {
            _checkRecipient(redistributionRecipients[i]);
            OperatorSet memory set = OperatorSet(avs, params[i].operatorSetId);
            _createSet(set, params[i].strategies, params[i].slasher, redistributionRecipients[i]);
        }
    }

    function createRedistributingOperatorSets(
        address avs,
        IAllocationManager.CreateSetParams[] calldata params,
        address[] calldata redistributionRecipients
    ) external {
        _checkCanCall(avs);
        if (params.length != redistributionRecipients.length) revert IAllocationManager.InputArrayLengthMismatch();
        for (uint256 i; i < params.length; ++i) {
            _checkRecipient(redistributionRecipients[i]);
            OperatorSet memory set = OperatorSet(avs, params[i].operatorSetId);
            _createSet(set, params[i].strategies, avs, redistributionRecipients[i]);
        }
    }

    function addStrategiesToOperatorSet(address avs, uint32 operatorSetId, address[] calldata strategies) external {
        _checkCanCall(avs);
        OperatorSet memory set = OperatorSet(avs, operatorSetId);
        _checkExists(set);
        bool redistributing = _recipients[set.key()] != address(0);
        for (uint256 i; i < strategies.length; ++i) _addStrategy(set, strategies[i], redistributing);
    }

    function removeStrategiesFromOperatorSet(address avs, uint32 operatorSetId, address[] calldata strategies)
        external
    {
        _checkCanCall(avs);
        OperatorSet memory set = OperatorSet(avs, operatorSetId);
        _checkExists(set);
        for (uint256 i; i < strategies.length; ++i) {
            if (!_strategies[set.key()].remove(strategies[i])) revert IAllocationManager.StrategyNotInOperatorSet();
            emit IAllocationManager.StrategyRemovedFromOperatorSet(set, strategies[i]);
        }
    }

    function updateSlasher(OperatorSet calldata operatorSet, address slasher) external {
        _checkCanCall(operatorSet.avs);
        _checkExists(operatorSet);
        if (slasher == address(0)) revert IAllocationManager.InputAddressZero();
        bytes32 setKey = operatorSet.key();
        uint32 effectBlock = uint32(block.number) + SLASHER_CONFIGURATION_DELAY + 1;
        _slashers[setKey] =
            Slasher({slasher: _slasher(setKey), pendingSlasher: slasher, effectBlock: effectBlock});
        emit IAllocationManager.SlasherUpdated(operatorSet, slasher, effectBlock);
    }

    /// @dev Every set here has its slasher from its creation, so there is nothing to migrate.
    function migrateSlashers(OperatorSet[] calldata) external {}

    function registerForOperatorSets(address operator, IAllocationManager.RegisterParams calldata params)
        external
        onlyWhenNotPaused(PAUSED_REGISTRATION)
    {
        _checkCanCall(operator);
        if (!_delegation.isOperator(operator)) revert IAllocationManager.InvalidOperator();
        for (uint256 i; i < params.operatorSetIds.length; ++i) {
            OperatorSet memory set = OperatorSet(params.avs, params.operatorSetIds[i]);
            bytes32 setKey = set.key();
            _checkExists(set);
            if (_isSlashable(operator, setKey)) revert IAllocationManager.AlreadyMemberOfSet();

            _registrations[operator][setKey] = Registration({registered: true, slashableUntil: 0});
            _registeredSets[operator].add(setKey);
            _members[setKey].add(operator);
            emit IAllocationManager.OperatorAddedToOperatorSet(operator, set);
        }
        IAVSRegistrar(_registrarOf(params.avs)).registerOperator(
            operator, params.avs, params.operatorSetIds, params.data
        );
    }

    function deregisterFromOperatorSets(IAllocationManager.DeregisterParams calldata params)
        external
        onlyWhenNotPaused(PAUSED_REGISTRATION)
    {
        if (!_canCall(params.operator) && !_canCall(params.avs)) revert IAllocationManager.InvalidCaller();
        for (uint256 i; i < params.operatorSetIds.length; ++i) {
            OperatorSet memory set = OperatorSet(params.avs, params.operatorSetIds[i]);
            bytes32 setKey = set.key();
            _checkExists(set);
            if (!_members[setKey].remove(params.operator)) revert IAllocationManager.NotMemberOfSet();

            _registeredSets[params.operator].remove(setKey);
            _registrations[params.operator][setKey] =
                Registration({registered: false, slashableUntil: uint32(block.number) + DEALLOCATION_DELAY});
            emit IAllocationManager.OperatorRemovedFromOperatorSet(params.operator, set);
        }
        IAVSRegistrar(_registrarOf(params.avs)).deregisterOperator(
            params.operator, params.avs, params.operatorSetIds
        );
    }

    function setAllocationDelay(address operator, uint32 delay) external {
        bool newlyRegistered = msg.sender == address(_delegation);
        if (!newlyRegistered) {
            _checkCanCall(operator);
            if (!_delegation.isOperator(operator)) revert IAllocationManager.InvalidOperator();
        }
        (bool isSet, uint32 current) = _allocationDelay(operator);
        uint32 effectBlock =
            uint32(block.number) + (newlyRegistered ? 0 : ALLOCATION_CONFIGURATION_DELAY + 1);
        _delays[operator] =
            AllocationDelay({delay: current, isSet: isSet, pendingDelay: delay, effectBlock: effectBlock});
        emit IAllocationManager.AllocationDelaySet(operator, delay, effectBlock);
    }

    function modifyAllocations(address operator, IAllocationManager.AllocateParams[] calldata params)
        external
        onlyWhenNotPaused(PAUSED_MODIFY_ALLOCATIONS)
    {
        _checkCanCall(operator);
        (bool isSet, uint32 delay) = _allocationDelay(operator);
        if (!isSet) revert IAllocationManager.UninitializedAllocationDelay();
        for (uint256 i; i < params.length; ++i) {
            IAllocationManager.AllocateParams calldata p = params[i];
            if (p.strategies.length != p.newMagnitudes.length) revert IAllocationManager.InputArrayLengthMismatch();
            _checkExists(p.operatorSet);
            for (uint256 j; j < p.strategies.length; ++j) {
                _modifyAllocation(operator, p.operatorSet, p.strategies[j], p.newMagnitudes[j], delay);
            }
        }
    }

    function clearDeallocationQueue(
        address operator,
        address[] calldata strategies,
        uint16[] calldata numToClear
    ) external onlyWhenNotPaused(PAUSED_MODIFY_ALLOCATIONS) {
        if (strategies.length != numToClear.length) revert IAllocationManager.InputArrayLengthMismatch();
        for (uint256 i; i < strategies.length; ++i) _clearQueue(operator, strategies[i], numToClear[i]);
    }

    function slashOperator(address avs, IAllocationManager.SlashingParams calldata params)
        external
        nonReentrant
        onlyWhenNotPaused(PAUSED_OPERATOR_SLASHING)
        returns (uint256 slashId, uint256[] memory shares)
    {
        OperatorSet memory set = OperatorSet(avs, params.operatorSetId);
        bytes32 setKey = set.key();
        _checkExists(set);
        if (msg.sender != _slasher(setKey)) revert IAllocationManager.InvalidCaller();
        if (!_isSlashable(params.operator, setKey)) revert IAllocationManager.OperatorNotSlashable();
        if (params.strategies.length != params.wadsToSlash.length) {
            revert IAllocationManager.InputArrayLengthMismatch();
        }

        slashId = ++_slashCounts[setKey];
        shares = new uint256[](params.strategies.length);
        uint256[] memory wadSlashed = new uint256[](params.strategies.length);
        for (uint256 i; i < params.strategies.length; ++i) {
            address strategy = params.strategies[i];
            if (i > 0 && strategy <= params.strategies[i - 1]) {
                revert IAllocationManager.StrategiesMustBeInAscendingOrder();
            }
            if (params.wadsToSlash[i] == 0 || params.wadsToSlash[i] > SlashingMath.WAD) {
                revert IAllocationManager.InvalidWadToSlash();
            }
            if (!_strategies[setKey].contains(strategy)) revert IAllocationManager.StrategyNotInOperatorSet();
            (wadSlashed[i], shares[i]) = _slash(params.operator, set, slashId, strategy, params.wadsToSlash[i]);
        }
        emit IAllocationManager.OperatorSlashed(
            params.operator, set, params.strategies, wadSlashed, params.description
        );
    }

    function _slash(address operator, OperatorSet memory set, uint256 slashId, address strategy, uint256 wad)
        private
        returns (uint256 wadSlashed, uint256 shares)
    {
        uint64 slashed = _slashAllocation(operator, set, strategy, wad);
        if (slashed == 0) return (0, 0);
        uint64 prevMax = _maxMagnitude(operator, strategy);
        _setMaxMagnitude(operator, strategy, prevMax - slashed);
        wadSlashed = SlashingMath.divWad(slashed, prevMax);
        shares = _delegation.slashOperatorShares(operator, set, slashId, strategy, prevMax, prevMax - slashed);
    }

    /// @dev Takes the part from what is allocated and from what is being deallocated. Zero: nothing was allocated.
    function _slashAllocation(address operator, OperatorSet memory set, address strategy, uint256 wad)
        private
        returns (uint64 slashed)
    {
        (IAllocationManager.Allocation memory allocation, uint64 freed) =
            _currentAllocation(operator, set.key(), strategy);
        if (allocation.currentMagnitude == 0) return 0;

        slashed = SlashingMath.slashedMagnitude(allocation.currentMagnitude, wad);
        allocation.currentMagnitude -= slashed;
        if (allocation.pendingDiff < 0) {
            uint64 pending = uint64(uint128(-allocation.pendingDiff));
            pending -= SlashingMath.slashedMagnitude(pending, wad);
            allocation.pendingDiff = -int128(uint128(pending));
            emit IAllocationManager.AllocationUpdated(
                operator, set, strategy, allocation.currentMagnitude - pending, allocation.effectBlock
            );
        }
        _setAllocation(operator, set.key(), strategy, allocation);
        _setEncumbered(operator, strategy, _encumbered[operator][strategy] - freed - slashed);
        emit IAllocationManager.AllocationUpdated(
            operator, set, strategy, allocation.currentMagnitude, uint32(block.number)
        );
    }

    function _modifyAllocation(
        address operator,
        OperatorSet calldata set,
        address strategy,
        uint64 newMagnitude,
        uint32 delay
    ) private {
        _clearQueue(operator, strategy, type(uint16).max);
        bytes32 setKey = set.key();
        (IAllocationManager.Allocation memory allocation, uint64 freed) =
            _currentAllocation(operator, setKey, strategy);
        if (allocation.effectBlock != 0) revert IAllocationManager.ModificationAlreadyPending();
        int128 diff = int128(uint128(newMagnitude)) - int128(uint128(allocation.currentMagnitude));
        if (diff == 0) revert IAllocationManager.SameMagnitude();

        uint64 encumbered = _encumbered[operator][strategy] - freed;
        uint32 effectBlock = uint32(block.number);
        if (diff > 0) {
            encumbered = _plus(encumbered, diff);
            if (encumbered > _maxMagnitude(operator, strategy)) revert IAllocationManager.InsufficientMagnitude();
            effectBlock += delay;
            allocation.pendingDiff = diff;
            allocation.effectBlock = effectBlock;
        } else if (_isSlashable(operator, setKey) && _strategies[setKey].contains(strategy)) {
            effectBlock += DEALLOCATION_DELAY + 1;
            allocation.pendingDiff = diff;
            allocation.effectBlock = effectBlock;
            _deallocations[operator][strategy].pushBack(setKey);
        } else {
            encumbered = _plus(encumbered, diff);
            allocation.currentMagnitude = newMagnitude;
        }
        _setAllocation(operator, setKey, strategy, allocation);
        _setEncumbered(operator, strategy, encumbered);
        emit IAllocationManager.AllocationUpdated(operator, set, strategy, newMagnitude, effectBlock);
    }

    /// @dev Frees what is due at the queue's head. An entry whose deallocation a slash has already settled is dropped.
    function _clearQueue(address operator, address strategy, uint16 limit) private {
        DoubleEndedQueue.Bytes32Deque storage queue = _deallocations[operator][strategy];
        for (uint256 cleared; cleared < limit && !queue.empty(); ++cleared) {
            bytes32 setKey = queue.front();
            (IAllocationManager.Allocation memory allocation, uint64 freed) =
                _currentAllocation(operator, setKey, strategy);
            if (allocation.effectBlock != 0) break;
            queue.popFront();
            _setAllocation(operator, setKey, strategy, allocation);
            _setEncumbered(operator, strategy, _encumbered[operator][strategy] - freed);
        }
    }

    /// @dev Writes an allocation and the lists that tell where an operator has allocated.
    function _setAllocation(
        address operator,
        bytes32 setKey,
        address strategy,
        IAllocationManager.Allocation memory allocation
    ) private {
        _allocations[operator][setKey][strategy] = allocation;
        EnumerableSet.AddressSet storage allocated = _allocatedStrategies[operator][setKey];
        if (allocation.currentMagnitude != 0 || allocation.pendingDiff != 0) {
            allocated.add(strategy);
            _allocatedSets[operator].add(setKey);
        } else {
            allocated.remove(strategy);
            if (allocated.length() == 0) _allocatedSets[operator].remove(setKey);
        }
    }

    function _setEncumbered(address operator, address strategy, uint64 encumbered) private {
        if (encumbered == _encumbered[operator][strategy]) return;
        _encumbered[operator][strategy] = encumbered;
        emit IAllocationManager.EncumberedMagnitudeUpdated(operator, strategy, encumbered);
    }

    function _setMaxMagnitude(address operator, address strategy, uint64 newMax) private {
        Checkpoints.Trace224 storage history = _maxMagnitudes[operator][strategy];
        if (history.length() == 0) history.push(0, SlashingMath.WAD);
        history.push(uint32(block.number), newMax);
        emit IAllocationManager.MaxMagnitudeUpdated(operator, strategy, newMax);
    }

    function _createSet(OperatorSet memory set, address[] calldata strategies, address slasher, address recipient)
        private
    {
        if (!_hasMetadata[set.avs]) revert IAllocationManager.NonexistentAVSMetadata();
        if (slasher == address(0)) revert IAllocationManager.InputAddressZero();
        if (!_operatorSets[set.avs].add(set.id)) revert IAllocationManager.InvalidOperatorSet();
        bytes32 setKey = set.key();
        emit IAllocationManager.OperatorSetCreated(set);
        if (recipient != address(0)) {
            _recipients[setKey] = recipient;
            emit IAllocationManager.RedistributionAddressSet(set, recipient);
        }
        for (uint256 i; i < strategies.length; ++i) _addStrategy(set, strategies[i], recipient != address(0));
        _slashers[setKey].slasher = slasher;
        emit IAllocationManager.SlasherUpdated(set, slasher, uint32(block.number));
    }

    function _addStrategy(OperatorSet memory set, address strategy, bool redistributing) private {
        bool excluded = strategy == BEACONCHAIN_ETH_STRATEGY || strategy == _eigenStrategy;
        if (redistributing && excluded) revert IAllocationManager.InvalidStrategy();
        if (!_strategies[set.key()].add(strategy)) revert IAllocationManager.StrategyAlreadyInOperatorSet();
        emit IAllocationManager.StrategyAddedToOperatorSet(set, strategy);
    }

    function _checkRecipient(address recipient) private pure {
        if (recipient == address(0)) revert IAllocationManager.InputAddressZero();
        if (recipient == DEFAULT_BURN_ADDRESS) revert IAllocationManager.InvalidRedistributionRecipient();
    }

    function _checkCanCall(address account) private view {
        if (!_canCall(account)) revert IAllocationManager.InvalidPermissions();
    }

    function _checkExists(OperatorSet memory set) private view {
        if (!_exists(set)) revert IAllocationManager.InvalidOperatorSet();
    }
}
