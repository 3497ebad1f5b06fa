// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Checkpoints} from "@openzeppelin/utils/structs/Checkpoints.sol";
import {DoubleEndedQueue} from "@openzeppelin/utils/structs/DoubleEndedQueue.sol";
import {EnumerableSet} from "@openzeppelin/utils/structs/EnumerableSet.sol";
import {IAllocationManager} from "./interfaces/IAllocationManager.sol";
import {IDelegationManager} from "./interfaces/IDelegationManager.sol";
import {OperatorSet, OperatorSetLib} from "./interfaces/OperatorSet.sol";
import {SlashingMath} from "./libraries/SlashingMath.sol";

/// @title AllocationManagerStorage
/// @notice State of the AllocationManager, and the readings of it that both halves, calls and views, need.
abstract contract AllocationManagerStorage {
    using Checkpoints for Checkpoints.Trace224;
    using DoubleEndedQueue for DoubleEndedQueue.Bytes32Deque;
    using EnumerableSet for EnumerableSet.AddressSet;
    using EnumerableSet for EnumerableSet.UintSet;
    using OperatorSetLib for OperatorSet;

    /// @dev Delays as configured; see the constructor of AllocationManager.
    struct Delays {
        uint32 deallocation;
        uint32 allocationConfiguration;
        uint32 slasherConfiguration;
    }

    struct Registration {
        bool registered;
        uint32 slashableUntil;
    }

    struct AllocationDelay {
        uint32 delay;
        bool isSet;
        uint32 pendingDelay;
        uint32 effectBlock;
    }

    struct Slasher {
        address slasher;
        address pendingSlasher;
        uint32 effectBlock;
    }

    /// @dev Stake that no set of a beacon chain or EIGEN kind may redistribute.
    address internal constant BEACONCHAIN_ETH_STRATEGY = 0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0;
    address internal constant DEFAULT_BURN_ADDRESS = 0x00000000000000000000000000000000000E16E4;

    IDelegationManager internal immutable _delegation;
    address internal immutable _eigenStrategy;

    mapping(address avs => bool) internal _hasMetadata;
    mapping(address avs => address) internal _registrars;
    mapping(address avs => EnumerableSet.UintSet) internal _operatorSets;
    mapping(bytes32 setKey => EnumerableSet.AddressSet) internal _members;
    mapping(bytes32 setKey => EnumerableSet.AddressSet) internal _strategies;
    mapping(bytes32 setKey => Slasher) internal _slashers;
    mapping(bytes32 setKey => address) internal _recipients;
    mapping(bytes32 setKey => uint256) internal _slashCounts;

    mapping(address operator => AllocationDelay) internal _delays;
    mapping(address operator => EnumerableSet.Bytes32Set) internal _registeredSets;
    mapping(address operator => EnumerableSet.Bytes32Set) internal _allocatedSets;
    mapping(address operator => mapping(bytes32 setKey => EnumerableSet.AddressSet)) internal _allocatedStrategies;
    mapping(address operator => mapping(bytes32 setKey => Registration)) internal _registrations;
    mapping(address operator => mapping(bytes32 setKey => mapping(address strategy => IAllocationManager.Allocation)))
        internal _allocations;
    mapping(address operator => mapping(address strategy => uint64)) internal _encumbered;
    mapping(address operator => mapping(address strategy => DoubleEndedQueue.Bytes32Deque)) internal _deallocations;
    /// @dev Empty: never slashed, 1e18. Otherwise it begins with (block 0, 1e18).
    mapping(address operator => mapping(address strategy => Checkpoints.Trace224)) internal _maxMagnitudes;

    constructor(address delegation_, address eigenStrategy_) {
        _delegation = IDelegationManager(delegation_);
        _eigenStrategy = eigenStrategy_;
    }

    function _exists(OperatorSet memory set) internal view returns (bool) {
        return _operatorSets[set.avs].contains(set.id);
    }

    function _isSlashable(address operator, bytes32 setKey) internal view returns (bool) {
        Registration memory registration = _registrations[operator][setKey];
        return registration.registered || block.number <= registration.slashableUntil;
    }

    function _maxMagnitude(address operator, address strategy) internal view returns (uint64) {
        Checkpoints.Trace224 storage history = _maxMagnitudes[operator][strategy];
        return history.length() == 0 ? SlashingMath.WAD : uint64(history.latest());
    }

    /// @dev The allocation as of this block, with a change applied whose time has come, and how much that frees.
    function _currentAllocation(address operator, bytes32 setKey, address strategy)
        internal
        view
        returns (IAllocationManager.Allocation memory allocation, uint64 freed)
    {
        allocation = _allocations[operator][setKey][strategy];
        if (allocation.effectBlock == 0 || block.number < allocation.effectBlock) return (allocation, 0);
        int128 diff = allocation.pendingDiff;
        if (diff < 0) freed = uint64(uint128(-diff));
        allocation.currentMagnitude = _plus(allocation.currentMagnitude, diff);
        allocation.pendingDiff = 0;
        allocation.effectBlock = 0;
    }

    /// @dev Encumbered magnitude without those deallocations in the queue whose time has come.
    function _currentEncumbered(address operator, address strategy) internal view returns (uint64 encumbered) {
        encumbered = _encumbered[operator][strategy];
        DoubleEndedQueue.Bytes32Deque storage queue = _deallocations[operator][strategy];
        uint256 length = queue.length();
        for (uint256 i; i < length; ++i) {
            (IAllocationManager.Allocation memory allocation, uint64 freed) =
                _currentAllocation(operator, queue.at(i), strategy);
            if (allocation.effectBlock != 0) break;
            encumbered -= freed;
        }
    }

    function _slasher(bytes32 setKey) internal view returns (address) {
        Slasher memory slasher = _slashers[setKey];
        bool changed = slasher.effectBlock != 0 && block.number >= slasher.effectBlock;
        return changed ? slasher.pendingSlasher : slasher.slasher;
    }

    function _allocationDelay(address operator) internal view returns (bool isSet, uint32 delay) {
        AllocationDelay memory info = _delays[operator];
        if (info.effectBlock != 0 && block.number >= info.effectBlock) return (true, info.pendingDelay);
        return (info.isSet, info.delay);
    }

    function _registrarOf(address avs) internal view returns (address) {
        address registrar = _registrars[avs];
        return registrar == address(0) ? avs : registrar;
    }

    function _plus(uint64 magnitude, int128 diff) internal pure returns (uint64) {
        return uint64(uint128(int128(uint128(magnitude)) + diff));
    }
}
