// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Contradiction, Form, Message} from "src/avs/interfaces/IMachTypes.sol";
import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {OperatorSet} from "src/restaking/interfaces/OperatorSet.sol";
import {BN254} from "src/restaking/libraries/BN254.sol";
import {Mach} from "../Mach.sol";

/// @notice Random operators that come, go, move their stake and contradict themselves, in one service.
contract MachHandler is Mach {
    uint256 internal constant N = 6;
    mapping(bytes32 action => uint256) public reached;
    /// @dev Who signed a contradiction that was shown to the slasher.
    mapping(uint256 operator => bool) public guilty;
    mapping(uint256 operator => uint256) public slashes;
    mapping(uint256 blockNumber => uint256[2]) private _totals;
    mapping(uint256 blockNumber => uint256[2]) private _actives;
    bool public weightAboveTheCores;

    function setUp() public override {
        super.setUp();
        _startWith(N);
        for (uint256 b = table.startBlock(); b <= block.number; ++b) {
            (_totals[b], _actives[b]) = ([N * STAKE, N * STAKE], [N * STAKE, N * STAKE]);
        }
    }

    function deposit(uint256 who, uint256 amount) external {
        _deposit(_operatorAt(who % N), _bound(amount, 1, 2000e18));
        ++reached["deposit"];
    }

    function withdraw(uint256 who, uint256 part) external {
        address operator_ = _operatorAt(who % N);
        uint256 held = sm.stakerDepositShares(operator_, strategy);
        if (held == 0) return;
        _queue(operator_, _bound(part, 1, held));
        ++reached["withdraw"];
    }

    function allocate(uint256 who, uint256 magnitude) external {
        address operator_ = _operatorAt(who % N);
        _allocate(operator_, 0, uint64(_bound(magnitude, 0, am.getMaxMagnitude(operator_, strategy))));
        ++reached["allocate"];
    }

    function leave(uint256 who) external {
        _leaveService(who % N);
        ++reached["leave"];
    }

    function join(uint256 who) external {
        _join(_operatorAt(who % N), 0);
        ++reached["join"];
    }

    /// @dev After it, what the table counts is within what the core vouches for to the end of the horizon.
    function refresh(uint256 who) external {
        uint256 i = who % N;
        _refresh(i);
        uint256[] memory weight = _weight(i);
        uint32 until = uint32(block.number) + am.DEALLOCATION_DELAY() - 1;
        address[2] memory list = [strategy, altStrategy];
        for (uint256 c; c < 2; ++c) {
            uint256 stake = am.getMinimumSlashableStake(
                OperatorSet(avs, 0), _one(_operatorAt(i)), _one(list[c]), until
            )[0][0];
            if (weight[c] > stake) weightAboveTheCores = true;
        }
        ++reached["refresh"];
    }

    function sweep(uint256 limit) external {
        if (table.sweep(_bound(limit, 1, 4)) > 0) ++reached["sweep"];
    }

    function mine(uint256 blocks) external {
        for (uint256 i = _bound(blocks, 1, 30); i > 0; --i) {
            // As the block ends: what follows is in the next one.
            (uint256[] memory active, uint256[] memory total) = table.weights();
            (_totals[block.number], _actives[block.number]) = ([total[0], total[1]], [active[0], active[1]]);
            _mine(1);
        }
        ++reached["mine"];
    }

    function contradict(uint256 who) external {
        uint256 i = who % N;
        (Message memory a, Message memory b) = _messages();
        _prove(i, i, a, b);
        guilty[i] = true;
        ++reached["contradict"];
    }

    /// @dev Evidence that is none: another's signature, or no contradiction. Must revert, and changes nothing.
    function accuse(uint256 who, bool forged) external {
        uint256 i = who % N;
        (Message memory a, Message memory b) = _messages();
        _prove(i, forged ? (i + 1) % N : i, a, forged ? b : a);
        guilty[N] = true;
    }

    function slash(uint256 who) external {
        uint256 i = who % N;
        bool before = slasher.isSlashed(_operatorAt(i));
        slasher.slash(_one(_operatorAt(i)));
        if (!before && slasher.isSlashed(_operatorAt(i))) ++slashes[i];
        ++reached["slash"];
    }

    function _messages() private view returns (Message memory a, Message memory b) {
        (a, b) = (_block(10, "a"), _block(11, "b"));
        a.base.epoch = b.base.epoch = _epoch();
    }

    function _prove(uint256 i, uint256 signer, Message memory a, Message memory b) private {
        Contradiction memory proof;
        proof.form = Form.PARENT;
        (bytes32 first, bytes32 second) = (verifier.digestOf(a), verifier.digestOf(b));
        slasher.proveBySignatures(
            _operatorAt(i), _g2Key(i), a, _signBN254(signer, first), b, _signBN254(signer, second), proof
        );
    }

    /// @dev (convicted, times slashed, the least magnitude that is left to it in either strategy).
    function fate(uint256 i) external view returns (bool convicted, uint256 times, uint256 left) {
        address operator_ = _operatorAt(i);
        (uint256 a, uint256 b) = (am.getMaxMagnitude(operator_, strategy), am.getMaxMagnitude(operator_, altStrategy));
        return (slasher.convictedBy(operator_) != 0, slashes[i], a < b ? a : b);
    }

    /// @dev By class: what the table says, and the sum over operators; then whether the aggregate key is the sum of
    ///      the keys of whoever has weight.
    function sums()
        external
        view
        returns (uint256[] memory active, uint256[] memory total, uint256[2] memory sum, bool keysFit)
    {
        (active, total) = table.weights();
        BN254.G1Point memory keys;
        for (uint256 i; i < N; ++i) {
            (,, BN254.G1Point memory key, uint256[] memory weight,) = table.entryOf(_operatorAt(i));
            (sum[0], sum[1]) = (sum[0] + weight[0], sum[1] + weight[1]);
            if (weight[0] + weight[1] > 0) keys = BN254.add(keys, key);
        }
        (,, BN254.G1Point memory aggregate,) = table.state();
        keysFit = aggregate.X == keys.X && aggregate.Y == keys.Y;
    }

    /// @dev By class: the least total that a quorum of the undecided window can have been of. Where nobody had weight there
    ///      was none. The largest number where there never was any.
    function leastTotal() external view returns (uint256[2] memory least) {
        uint256 start = table.startBlock();
        uint256 begin = block.number > start + UNDECIDED ? block.number - UNDECIDED : start;
        least = [type(uint256).max, type(uint256).max];
        for (uint256 b = begin; b < block.number; ++b) {
            for (uint256 c; c < 2; ++c) {
                if (_actives[b][c] > 0 && _totals[b][c] < least[c]) least[c] = _totals[b][c];
            }
        }
    }

    /// @dev Tokens that a fault moved anywhere: slashed stake is burnt, the bounty pool and the timelock get nothing.
    function gains() external view returns (uint256) {
        return alt.balanceOf(address(slasher)) + alt.balanceOf(address(timelock)) + token.balanceOf(address(slasher))
            + token.balanceOf(address(timelock)) + token.balanceOf(CREATOR) + alt.balanceOf(CREATOR);
    }
}

contract MachInvariantsTest is Mach {
    MachHandler private handler;

    function setUp() public override {
        handler = new MachHandler();
        handler.setUp();
    }

    function targetContracts() public view returns (address[] memory) {
        return _one(address(handler));
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        list[0].addr = address(handler);
        list[0].selectors = new bytes4[](11);
        list[0].selectors[0] = MachHandler.deposit.selector;
        list[0].selectors[1] = MachHandler.withdraw.selector;
        list[0].selectors[2] = MachHandler.allocate.selector;
        list[0].selectors[3] = MachHandler.leave.selector;
        list[0].selectors[4] = MachHandler.join.selector;
        list[0].selectors[5] = MachHandler.refresh.selector;
        list[0].selectors[6] = MachHandler.sweep.selector;
        list[0].selectors[7] = MachHandler.mine.selector;
        list[0].selectors[8] = MachHandler.contradict.selector;
        list[0].selectors[9] = MachHandler.accuse.selector;
        list[0].selectors[10] = MachHandler.slash.selector;
    }

    function invariant_Weight_never_above_the_cores_at_refresh() external view {
        vm.assertFalse(handler.weightAboveTheCores());
    }

    function invariant_No_slash_without_valid_evidence() external view {
        vm.assertFalse(handler.guilty(6), "a false accusation went through");
        for (uint256 i; i < 6; ++i) {
            (bool convicted, uint256 times, uint256 left) = handler.fate(i);
            vm.assertTrue(convicted == handler.guilty(i), "convicted are the guilty");
            vm.assertLe(times, 1, "slashed once");
            if (!handler.guilty(i)) vm.assertEq(left, 1e18, "the innocent keep all");
        }
    }

    function invariant_Total_is_conserved() external view {
        (uint256[] memory active, uint256[] memory total, uint256[2] memory sum, bool keysFit) = handler.sums();
        for (uint256 c; c < 2; ++c) {
            vm.assertEq(active[c], sum[c], "active is the sum of the weights");
            vm.assertLe(active[c], total[c], "what left stays in the total");
        }
        vm.assertTrue(keysFit, "the aggregate is the sum of the keys");
    }

    /// @dev The overlap of two quorums rests on this: docs/spec/mach.md, section 9, P2. It holds against *every* block of the
    ///      window at which a quorum was possible, so a class cannot be emptied and filled with newcomers within one. A
    ///      block at which nobody had weight in the class is left out, however much of what left is still in its total:
    ///      no certificate is of its table, and who comes first after a whole window without any is free to.
    function invariant_Churn_is_at_most_a_tenth_of_the_window() external view {
        (uint256[] memory active,,,) = handler.sums();
        uint256[2] memory least = handler.leastTotal();
        for (uint256 c; c < 2; ++c) {
            if (least[c] < type(uint256).max) vm.assertLe(active[c], least[c] + least[c] / 10);
        }
    }

    function invariant_Nobody_gains_by_a_slash() external view {
        vm.assertEq(handler.gains(), 0);
    }

    /// @dev The generator is worth something: a fixed walk reaches every action, and the false accusations fail.
    function test_Handler_reaches_every_action() external {
        bytes32[10] memory actions = [
            bytes32("deposit"), "withdraw", "allocate", "leave", "join", "refresh", "sweep", "mine", "contradict", "slash"
        ];
        for (uint256 i; i < 600; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            (uint256 a, uint256 c) = (seed >> 8 & 0xff, seed >> 24);
            bytes[12] memory calls = [
                abi.encodeCall(handler.deposit, (a, c)),
                abi.encodeCall(handler.withdraw, (a, c)),
                abi.encodeCall(handler.allocate, (a, c)),
                abi.encodeCall(handler.leave, (a)),
                abi.encodeCall(handler.join, (a)),
                abi.encodeCall(handler.refresh, (a)),
                abi.encodeCall(handler.sweep, (c)),
                abi.encodeCall(handler.mine, (c)),
                abi.encodeCall(handler.mine, (c)),
                abi.encodeCall(handler.contradict, (i < 300 ? 0 : a)),
                abi.encodeCall(handler.accuse, (a, c % 2 == 0)),
                abi.encodeCall(handler.slash, (a))
            ];
            (bool success,) = address(handler).call(calls[seed % 12]);
            success;
        }
        for (uint256 i; i < actions.length; ++i) {
            vm.assertTrue(handler.reached(actions[i]) > 0, string(abi.encodePacked(actions[i])));
        }
        vm.assertFalse(handler.guilty(6));
    }
}
