// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Checkpoints} from "@openzeppelin/utils/structs/Checkpoints.sol";
import {EnumerableSet} from "@openzeppelin/utils/structs/EnumerableSet.sol";
import {AllocationManagerStorage} from "./AllocationManagerStorage.sol";
import {DevelopmentChain} from "./DevelopmentChain.sol";
import {IAllocationManager} from "./interfaces/IAllocationManager.sol";
import {OperatorSet, OperatorSetLib} from "./interfaces/OperatorSet.sol";
import {SlashingMath} from "./libraries/SlashingMath.sol";

/// @title AllocationManagerView
/// @notice The views of IAllocationManager, which documents them. Runs by delegatecall from AllocationManager, on its
///         state; called by itself it sees nothing.
contract AllocationManagerView is AllocationManagerStorage, DevelopmentChain {
    using Checkpoints for Checkpoints.Trace224;
    using EnumerableSet for EnumerableSet.AddressSet;
    using EnumerableSet for EnumerableSet.Bytes32Set;
    using EnumerableSet for EnumerableSet.UintSet;
    using OperatorSetLib for OperatorSet;

    constructor(address delegation_, address eigenStrategy_) AllocationManagerStorage(delegation_, eigenStrategy_) {}

    function delegation() external view returns (address) {
        return address(_delegation);
    }

    function eigenStrategy() external view returns (address) {
        return _eigenStrategy;
    }

    function isOperatorSet(OperatorSet calldata operatorSet) external view returns (bool) {
        return _exists(operatorSet);
    }

    function isMemberOfOperatorSet(address operator, OperatorSet calldata operatorSet) external view returns (bool) {
        return _members[operatorSet.key()].contains(operator);
    }

    function isOperatorSlashable(address operator, OperatorSet calldata operatorSet) external view returns (bool) {
        return _isSlashable(operator, operatorSet.key());
    }

    function getMembers(OperatorSet calldata operatorSet) external view returns (address[] memory) {
        return _members[operatorSet.key()].values();
    }

    function getMemberCount(OperatorSet calldata operatorSet) external view returns (uint256) {
        return _members[operatorSet.key()].length();
    }

    function getStrategiesInOperatorSet(OperatorSet calldata operatorSet) external view returns (address[] memory) {
        return _strategies[operatorSet.key()].values();
    }

    function getRegisteredSets(address operator) external view returns (OperatorSet[] memory) {
        return _decode(_registeredSets[operator].values());
    }

    function getAllocatedSets(address operator) external view returns (OperatorSet[] memory) {
        return _decode(_allocatedSets[operator].values());
    }

    function getAllocatedStrategies(address operator, OperatorSet calldata operatorSet)
        external
        view
        returns (address[] memory)
    {
        return _allocatedStrategies[operator][operatorSet.key()].values();
    }

    function getAllocation(address operator, OperatorSet calldata operatorSet, address strategy)
        external
        view
        returns (IAllocationManager.Allocation memory allocation)
    {
        (allocation,) = _currentAllocation(operator, operatorSet.key(), strategy);
    }

    function getAllocations(address[] calldata operators, OperatorSet calldata operatorSet, address strategy)
        external
        view
        returns (IAllocationManager.Allocation[] memory allocations)
    {
        allocations = new IAllocationManager.Allocation[](operators.length);
        for (uint256 i; i < operators.length; ++i) {
            (allocations[i],) = _currentAllocation(operators[i], operatorSet.key(), strategy);
        }
    }

    function getStrategyAllocations(address operator, address strategy)
        external
        view
        returns (OperatorSet[] memory sets, IAllocationManager.Allocation[] memory allocations)
    {
        sets = _decode(_allocatedSets[operator].values());
        allocations = new IAllocationManager.Allocation[](sets.length);
        for (uint256 i; i < sets.length; ++i) {
            (allocations[i],) = _currentAllocation(operator, sets[i].key(), strategy);
        }
    }

    function getAllocatableMagnitude(address operator, address strategy) external view returns (uint64) {
        return _maxMagnitude(operator, strategy) - _currentEncumbered(operator, strategy);
    }

    function getEncumberedMagnitude(address operator, address strategy) external view returns (uint64) {
        return _currentEncumbered(operator, strategy);
    }

    function getMaxMagnitude(address operator, address strategy) external view returns (uint64) {
        return _maxMagnitude(operator, strategy);
    }

    function getMaxMagnitudes(address operator, address[] calldata strategies)
        external
        view
        returns (uint64[] memory magnitudes)
    {
        magnitudes = new uint64[](strategies.length);
        for (uint256 i; i < strategies.length; ++i) magnitudes[i] = _maxMagnitude(operator, strategies[i]);
    }

    function getMaxMagnitudes(address[] calldata operators, address strategy)
        external
        view
        returns (uint64[] memory magnitudes)
    {
        magnitudes = new uint64[](operators.length);
        for (uint256 i; i < operators.length; ++i) magnitudes[i] = _maxMagnitude(operators[i], strategy);
    }

    function getMaxMagnitudesAtBlock(address operator, address[] calldata strategies, uint32 blockNumber)
        external
        view
        returns (uint64[] memory magnitudes)
    {
        magnitudes = new uint64[](strategies.length);
        for (uint256 i; i < strategies.length; ++i) {
            Checkpoints.Trace224 storage history = _maxMagnitudes[operator][strategies[i]];
            magnitudes[i] = history.length() == 0 ? SlashingMath.WAD : uint64(history.upperLookupRecent(blockNumber));
        }
    }

    function getAllocationDelay(address operator) external view returns (bool isSet, uint32 delay) {
        return _allocationDelay(operator);
    }

    function getMinimumSlashableStake(
        OperatorSet calldata operatorSet,
        address[] calldata operators,
        address[] calldata strategies,
        uint32 futureBlock
    ) external view returns (uint256[][] memory slashableStake) {
        bytes32 setKey = operatorSet.key();
        slashableStake = _delegation.getOperatorsShares(operators, strategies);
        for (uint256 i; i < operators.length; ++i) {
            bool slashable = _isSlashable(operators[i], setKey);
            for (uint256 j; j < strategies.length; ++j) {
                uint64 magnitude = slashable ? _minimumMagnitude(operators[i], setKey, strategies[j], futureBlock) : 0;
                slashableStake[i][j] = _stake(slashableStake[i][j], magnitude, operators[i], strategies[j]);
            }
        }
    }

    function getAllocatedStake(
        OperatorSet calldata operatorSet,
        address[] calldata operators,
        address[] calldata strategies
    ) external view returns (uint256[][] memory stake) {
        bytes32 setKey = operatorSet.key();
        stake = _delegation.getOperatorsShares(operators, strategies);
        for (uint256 i; i < operators.length; ++i) {
            for (uint256 j; j < strategies.length; ++j) {
                (IAllocationManager.Allocation memory allocation,) =
                    _currentAllocation(operators[i], setKey, strategies[j]);
                stake[i][j] = _stake(stake[i][j], allocation.currentMagnitude, operators[i], strategies[j]);
            }
        }
    }

    function getSlasher(OperatorSet calldata operatorSet) external view returns (address) {
        return _slasher(operatorSet.key());
    }

    function getPendingSlasher(OperatorSet calldata operatorSet)
        external
        view
        returns (address slasher, uint32 effectBlock)
    {
        Slasher memory info = _slashers[operatorSet.key()];
        if (block.number < info.effectBlock) return (info.pendingSlasher, info.effectBlock);
    }

    function getRedistributionRecipient(OperatorSet calldata operatorSet) external view returns (address) {
        address recipient = _recipients[operatorSet.key()];
        return recipient == address(0) ? DEFAULT_BURN_ADDRESS : recipient;
    }

    function isRedistributingOperatorSet(OperatorSet calldata operatorSet) external view returns (bool) {
        return _recipients[operatorSet.key()] != address(0);
    }

    function isOperatorRedistributable(address operator) external view returns (bool) {
        bytes32[] memory allocated = _allocatedSets[operator].values();
        for (uint256 i; i < allocated.length; ++i) {
            if (_recipients[allocated[i]] != address(0) && _isSlashable(operator, allocated[i])) return true;
        }
        bytes32[] memory registered = _registeredSets[operator].values();
        for (uint256 i; i < registered.length; ++i) {
            if (_recipients[registered[i]] != address(0)) return true;
        }
        return false;
    }

    function getSlashCount(OperatorSet calldata operatorSet) external view returns (uint256) {
        return _slashCounts[operatorSet.key()];
    }

    function getOperatorSetCount(address avs) external view returns (uint256) {
        return _operatorSets[avs].length();
    }

    function getAVSRegistrar(address avs) external view returns (address) {
        return _registrarOf(avs);
    }

    /// @dev Pending increases do not count; a decrease counts when it takes effect up to `futureBlock`.
    function _minimumMagnitude(address operator, bytes32 setKey, address strategy, uint32 futureBlock)
        private
        view
        returns (uint64)
    {
        (IAllocationManager.Allocation memory allocation,) = _currentAllocation(operator, setKey, strategy);
        bool shrinks = allocation.pendingDiff < 0 && futureBlock >= allocation.effectBlock;
        return shrinks ? _plus(allocation.currentMagnitude, allocation.pendingDiff) : allocation.currentMagnitude;
    }

    function _stake(uint256 shares, uint64 magnitude, address operator, address strategy)
        private
        view
        returns (uint256)
    {
        if (magnitude == 0) return 0;
        return SlashingMath.mulWad(shares, SlashingMath.divWad(magnitude, _maxMagnitude(operator, strategy)));
    }

    function _decode(bytes32[] memory keys) private pure returns (OperatorSet[] memory sets) {
        sets = new OperatorSet[](keys.length);
        for (uint256 i; i < keys.length; ++i) sets[i] = OperatorSetLib.decode(keys[i]);
    }
}
