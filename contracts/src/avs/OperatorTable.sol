// SPDX-License-Identifier: MIT
// Size: every change of weight passes one churn account and one total; half of the file says why.
pragma solidity 0.8.30;

import {Initializable} from "@openzeppelin/proxy/utils/Initializable.sol";
import {SafeCast} from "@openzeppelin/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/utils/structs/Checkpoints.sol";
import {IAllocationManager} from "../restaking/interfaces/IAllocationManager.sol";
import {IKeyRegistrar} from "../restaking/interfaces/IKeyRegistrar.sol";
import {OperatorSet} from "../restaking/interfaces/OperatorSet.sol";
import {BN254} from "../restaking/libraries/BN254.sol";
import {IMachSlasher} from "./interfaces/IMachSlasher.sol";
import {TableHeader} from "./interfaces/IMachTypes.sol";
import {IOperatorTable} from "./interfaces/IOperatorTable.sol";
import {ChurnLedger} from "./libraries/ChurnLedger.sol";
import {TableTree} from "./libraries/TableTree.sol";

/// @title OperatorTable
/// @dev    A clone for each service; the core's contracts are the implementation's. Members with weight stand in a
///         list by expiry: each refresh moves one to the end, so the first is the next to expire.
contract OperatorTable is IOperatorTable, Initializable {
    using Checkpoints for Checkpoints.Trace208;
    using ChurnLedger for ChurnLedger.Ledger;
    using TableTree for TableTree.Tree;

    /// @dev One slot. `slot` is the index plus one, `previous` and `next` are slots, zero for none.
    struct Member {
        address operator;
        uint16 previous;
        uint16 next;
        uint48 expiry;
        bool weighs;
        bool jailed;
    }

    uint256 private constant MEMBERS_MAX = 1024;
    uint256 private constant STRATEGIES_MAX = 4;
    uint256 private constant CLASSES_MAX = 2;
    uint256 private constant SWEEPS_PER_REFRESH = 2;
    uint48 private constant NEVER = type(uint48).max;

    IAllocationManager public immutable allocationManager;
    IKeyRegistrar public immutable keyRegistrar;

    address public registrar;
    address public slasher;
    uint256 public startBlock;
    uint256 public classes;
    uint256 public life;
    uint128[CLASSES_MAX] public minimum;
    Windows private _windows;
    StrategyWeight[] private _strategies;

    uint16 private _first;
    uint16 private _last;
    uint16 private _slots;
    uint16[] private _freeSlots;
    mapping(uint16 slot => Member) private _members;
    mapping(uint16 slot => BN254.G1Point) private _keys;
    mapping(uint16 slot => uint128[CLASSES_MAX]) private _weights;
    mapping(address operator => uint16) private _slotOf;
    BN254.G1Point private _aggregate;
    TableTree.Tree private _tree;
    ChurnLedger.Ledger[CLASSES_MAX] private _ledgers;
    /// @dev A hash of the table by L1 block, cut to 208 bits: more than BN254's own security.
    Checkpoints.Trace208 private _history;
    mapping(uint64 epoch => bytes32) public commitments;

    modifier onlyRegistrar() {
        if (msg.sender != registrar) revert OnlyRegistrar();
        _;
    }

    constructor(address allocationManager_, address keyRegistrar_) {
        allocationManager = IAllocationManager(allocationManager_);
        keyRegistrar = IKeyRegistrar(keyRegistrar_);
        _disableInitializers();
    }

    /// @notice Called by the factory in the transaction that makes the clone.
    /// @param minimum_ Weight that joining takes, by class; its length is the number of classes.
    /// @param life_    Blocks that a weight is good for after its refresh.
    function initialize(
        address registrar_,
        address slasher_,
        Windows calldata windows_,
        StrategyWeight[] calldata strategies_,
        uint256[] calldata minimum_,
        uint256 life_
    ) external initializer {
        if (strategies_.length == 0 || strategies_.length > STRATEGIES_MAX) revert BadStrategies();
        if (minimum_.length == 0 || minimum_.length > CLASSES_MAX) revert BadStrategies();
        (registrar, slasher, _windows, life) = (registrar_, slasher_, windows_, life_);
        classes = minimum_.length;
        for (uint256 c; c < minimum_.length; ++c) minimum[c] = SafeCast.toUint128(minimum_[c]);
        uint256 seen;
        for (uint256 i; i < strategies_.length; ++i) {
            if (i > 0 && strategies_[i].strategy <= strategies_[i - 1].strategy) revert BadStrategies();
            if (strategies_[i].class >= minimum_.length || strategies_[i].multiplier == 0) revert BadStrategies();
            seen |= 1 << strategies_[i].class;
            _strategies.push(strategies_[i]);
        }
        if (seen != (1 << minimum_.length) - 1) revert BadStrategies();
        _record();
    }

    /// @inheritdoc IOperatorTable
    function refresh(address[] calldata operators) external {
        _sweep(SWEEPS_PER_REFRESH);
        for (uint256 i; i < operators.length; ++i) {
            uint16 slot = _slotOf[operators[i]];
            if (slot == 0) continue;
            uint256[] memory stake = _stakeOf(operators[i]);
            bool enough = !_members[slot].jailed;
            for (uint256 c; c < stake.length; ++c) enough = enough && stake[c] >= minimum[c];
            if (!enough) stake = new uint256[](stake.length);
            _setWeight(slot, stake);
        }
        _record();
    }

    /// @inheritdoc IOperatorTable
    function sweep(uint256 limit) external returns (uint256 swept) {
        swept = _sweep(limit);
        _record();
    }

    /// @inheritdoc IOperatorTable
    function commit(
        uint64 epoch,
        uint32 depth,
        bytes32 root,
        BN254.G1Point calldata aggregate,
        uint48 oldestExpiry
    ) external returns (bytes32 commitment) {
        if (commitments[epoch] != 0) return commitments[epoch];
        uint256 n = epochBlock(epoch);
        if (n >= block.number) revert EpochNotOver(epoch);
        uint208 recorded = _history.upperLookupRecent(uint48(n));
        if (recorded != _hashOf(depth, root, aggregate, oldestExpiry)) revert NotTheTable(epoch);
        if (oldestExpiry < n) revert ExpiredWeight(epoch, oldestExpiry);

        TableHeader memory header;
        (header.epoch, header.depth, header.root) = (epoch, depth, root);
        (header.aggregateX, header.aggregateY) = (aggregate.X, aggregate.Y);
        (header.active, header.total) = (new uint256[](classes), new uint256[](classes));
        for (uint256 c; c < classes; ++c) {
            header.active[c] = _ledgers[c].activeAt(n);
            header.total[c] = _ledgers[c].totalAt(n, startBlock, _windows.undecided);
        }
        commitment = keccak256(abi.encode(header));
        commitments[epoch] = commitment;
        emit TableCommitted(epoch, commitment, depth, root, header.active, header.total);
    }

    /// @inheritdoc IOperatorTable
    function start() external onlyRegistrar {
        if (startBlock != 0) revert AlreadyStarted();
        for (uint256 c; c < classes; ++c) {
            if (_ledgers[c].activeAt(block.number) == 0) revert ClassWithoutWeight(c);
        }
        startBlock = block.number;
        emit Started(block.number);
    }

    /// @inheritdoc IOperatorTable
    function join(address operator) external onlyRegistrar {
        if (isJailed(operator)) revert OperatorJailed(operator);
        (BN254.G1Point memory key,) = keyRegistrar.getBN254Key(OperatorSet(registrar, 0), operator);
        if (BN254.isZero(key)) revert KeyMissing(operator);
        uint256[] memory stake = _stakeOf(operator);
        for (uint256 c; c < classes; ++c) {
            if (stake[c] < minimum[c]) revert BelowMinimum(operator, c, stake[c], minimum[c]);
        }
        uint16 slot = _takeSlot();
        _slotOf[operator] = slot;
        _members[slot] = Member(operator, 0, 0, uint48(block.number), false, false);
        _keys[slot] = key;
        // Grows the tree even where churn leaves no weight for now.
        _tree.set(slot - 1, 0);
        _setWeight(slot, stake);
        _record();
    }

    /// @inheritdoc IOperatorTable
    function leave(address operator) external onlyRegistrar {
        uint16 slot = _slotOf[operator];
        if (slot == 0) return;
        _setWeight(slot, new uint256[](classes));
        delete _slotOf[operator];
        delete _members[slot];
        delete _keys[slot];
        _freeSlots.push(slot);
        _record();
    }

    /// @inheritdoc IOperatorTable
    function jail(address operator) external {
        if (msg.sender != slasher) revert OnlySlasher();
        emit Jailed(operator);
        uint16 slot = _slotOf[operator];
        if (slot == 0) return;
        _members[slot].jailed = true;
        _setWeight(slot, new uint256[](classes));
        _record();
    }

    /// @inheritdoc IOperatorTable
    function retireStrategy(address strategy) external onlyRegistrar {
        for (uint256 i; i < _strategies.length; ++i) {
            if (_strategies[i].strategy == strategy) _strategies[i].multiplier = 0;
        }
    }

    /// @inheritdoc IOperatorTable
    function lookup(uint64 epoch, uint64 origin) external view returns (bytes32, uint256, uint64) {
        uint256 first = epochBlock(0) + _windows.k;
        uint64 originEpoch = origin < first ? 0 : uint64((origin - first) / _windows.epochLength);
        return (commitments[epoch], epochBlock(epoch), originEpoch);
    }

    /// @inheritdoc IOperatorTable
    function epochBlock(uint64 epoch) public view returns (uint256) {
        if (startBlock == 0) revert NotStarted();
        return startBlock + uint256(epoch) * _windows.epochLength;
    }

    /// @inheritdoc IOperatorTable
    function state() public view returns (uint32, bytes32, BN254.G1Point memory, uint48) {
        return (_tree.depth, _tree.root, _aggregate, _first == 0 ? NEVER : _members[_first].expiry);
    }

    /// @inheritdoc IOperatorTable
    function weights() external view returns (uint256[] memory active, uint256[] memory total) {
        (active, total) = (new uint256[](classes), new uint256[](classes));
        for (uint256 c; c < classes; ++c) {
            active[c] = _ledgers[c].activeAt(block.number);
            total[c] = _ledgers[c].totalAt(block.number, _counts() ? startBlock : block.number, _windows.undecided);
        }
    }

    /// @inheritdoc IOperatorTable
    function room() external view returns (uint256[] memory free) {
        free = new uint256[](classes);
        for (uint256 c; c < free.length; ++c) free[c] = _room(c);
    }

    /// @inheritdoc IOperatorTable
    function entryOf(address operator)
        external
        view
        returns (bool, uint32, BN254.G1Point memory, uint256[] memory, uint48)
    {
        uint16 slot = _slotOf[operator];
        if (slot == 0) return (false, 0, BN254.G1Point(0, 0), new uint256[](classes), 0);
        return (true, slot - 1, _keys[slot], _weightsOf(slot), _members[slot].expiry);
    }

    /// @inheritdoc IOperatorTable
    function pathOf(uint32 index) external view returns (bytes32[] memory) {
        return _tree.path(index);
    }

    /// @inheritdoc IOperatorTable
    function windows() external view returns (Windows memory) {
        return _windows;
    }

    /// @inheritdoc IOperatorTable
    function strategies() external view returns (StrategyWeight[] memory) {
        return _strategies;
    }

    /// @inheritdoc IOperatorTable
    /// @dev    The slasher's conviction is the one record of it.
    function isJailed(address operator) public view returns (bool) {
        return IMachSlasher(slasher).convictedBy(operator) != 0;
    }

    /// @inheritdoc IOperatorTable
    function memberCount() external view returns (uint256) {
        return _slots - _freeSlots.length;
    }

    /// @dev By class: what the set can slash up to the last block that the core vouches for. Whoever is in the table
    ///      is a member of the set: the core tells the registrar of everyone who leaves.
    function _stakeOf(address operator) private view returns (uint256[] memory stake) {
        stake = new uint256[](classes);
        OperatorSet memory set = OperatorSet(registrar, 0);
        StrategyWeight[] memory list = _strategies;
        address[] memory addresses = new address[](list.length);
        for (uint256 i; i < list.length; ++i) addresses[i] = list[i].strategy;
        address[] memory operators = new address[](1);
        operators[0] = operator;
        uint32 until = uint32(block.number) + allocationManager.DEALLOCATION_DELAY() - 1;
        uint256[] memory shares =
            allocationManager.getMinimumSlashableStake(set, operators, addresses, until)[0];
        for (uint256 i; i < list.length; ++i) {
            uint256 weight = shares[i] / 1e18 * list[i].multiplier + shares[i] % 1e18 * list[i].multiplier / 1e18;
            stake[list[i].class] += weight;
        }
        for (uint256 c; c < classes; ++c) if (stake[c] > type(uint128).max) stake[c] = type(uint128).max;
    }

    /// @dev Sets weights, raises only within the churn limit, and moves the member to the end of the list, or out.
    function _setWeight(uint16 slot, uint256[] memory wanted) private {
        uint256[] memory before = _weightsOf(slot);
        bool changed;
        bool weighs;
        for (uint256 c; c < before.length; ++c) {
            if (wanted[c] > before[c]) {
                uint256 free = _room(c);
                if (wanted[c] - before[c] > free) wanted[c] = before[c] + free;
            }
            changed = changed || wanted[c] != before[c];
            weighs = weighs || wanted[c] != 0;
        }
        Member storage member = _members[slot];
        if (changed) {
            for (uint256 c; c < before.length; ++c) {
                _ledgers[c].change(before[c], wanted[c]);
                _weights[slot][c] = uint128(wanted[c]);
            }
            BN254.G1Point memory key = _keys[slot];
            if (weighs != member.weighs) {
                _aggregate = BN254.add(_aggregate, weighs ? key : BN254.negate(key));
            }
            _tree.set(slot - 1, weighs ? TableTree.leaf(member.operator, key, wanted) : bytes32(0));
        }
        if (member.weighs) _unlink(slot);
        else if (!weighs) return;
        member.weighs = weighs;
        member.expiry = uint48(block.number + (weighs ? life : 0));
        if (weighs) _append(slot);
        emit OperatorWeight(member.operator, slot - 1, wanted, member.expiry);
    }

    function _sweep(uint256 limit) private returns (uint256 swept) {
        uint256[] memory none = new uint256[](classes);
        while (swept < limit && _first != 0 && _members[_first].expiry < block.number) {
            _setWeight(_first, none);
            ++swept;
        }
    }

    function _append(uint16 slot) private {
        (_members[slot].previous, _members[slot].next) = (_last, 0);
        if (_last == 0) _first = slot;
        else _members[_last].next = slot;
        _last = slot;
    }

    function _unlink(uint16 slot) private {
        (uint16 previous, uint16 next) = (_members[slot].previous, _members[slot].next);
        if (previous == 0) _first = next;
        else _members[previous].next = next;
        if (next == 0) _last = previous;
        else _members[next].previous = previous;
    }

    function _takeSlot() private returns (uint16 slot) {
        uint256 free = _freeSlots.length;
        if (free != 0) {
            slot = _freeSlots[free - 1];
            _freeSlots.pop();
            return slot;
        }
        if (_slots >= MEMBERS_MAX) revert TableFull();
        return ++_slots;
    }

    function _room(uint256 class) private view returns (uint256) {
        return _counts() ? _ledgers[class].room(startBlock, _windows.undecided) : type(uint256).max;
    }

    /// @dev Joining and leaving count once the first table stands: after the start's block.
    function _counts() private view returns (bool) {
        return startBlock != 0 && block.number > startBlock;
    }

    function _record() private {
        (uint32 depth, bytes32 root, BN254.G1Point memory aggregate, uint48 oldestExpiry) = state();
        uint208 hash = _hashOf(depth, root, aggregate, oldestExpiry);
        if (hash == _history.latest()) return;
        _history.push(uint48(block.number), hash);
        emit TableChanged(depth, root, aggregate.X, aggregate.Y, oldestExpiry);
    }

    function _weightsOf(uint16 slot) private view returns (uint256[] memory list) {
        list = new uint256[](classes);
        for (uint256 c; c < list.length; ++c) list[c] = _weights[slot][c];
    }

    function _hashOf(uint32 depth, bytes32 root, BN254.G1Point memory aggregate, uint48 oldestExpiry)
        private
        pure
        returns (uint208)
    {
        return uint208(uint256(keccak256(abi.encode(depth, root, aggregate.X, aggregate.Y, oldestExpiry))));
    }
}
