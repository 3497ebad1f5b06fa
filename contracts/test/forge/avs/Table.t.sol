// SPDX-License-Identifier: MIT
// Size: one attack on the table a test, over one service.
pragma solidity 0.8.30;

import {Certificate} from "src/avs/interfaces/IMachTypes.sol";
import {IMachRegistrar} from "src/avs/interfaces/IMachRegistrar.sol";
import {IMachVerifier} from "src/avs/interfaces/IMachVerifier.sol";
import {IOperatorTable} from "src/avs/interfaces/IOperatorTable.sol";
import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {IDelegationManager} from "src/restaking/interfaces/IDelegationManager.sol";
import {OperatorSet} from "src/restaking/interfaces/OperatorSet.sol";
import {BN254} from "src/restaking/libraries/BN254.sol";
import {Mach} from "../Mach.sol";

/// @notice The operator table: joining, refreshing, expiry, churn, and the weights that it must not count.
contract TableTest is Mach {
    uint256 private constant N = 6;

    function setUp() public override {
        super.setUp();
        _startWith(N);
    }

    function test_Start_needs_weight_in_every_class_and_the_creator() external {
        _use(_another(_params(), "fresh"));
        vm.expectRevert(IMachRegistrar.OnlyCreator.selector);
        mach.start();
        vm.prank(CREATOR);
        vm.expectRevert(abi.encodeWithSelector(IOperatorTable.ClassWithoutWeight.selector, 0));
        mach.start();
        vm.expectRevert(IOperatorTable.NotStarted.selector);
        table.epochBlock(0);
    }

    function test_First_table_is_of_all_who_joined() external view {
        (uint256[] memory active, uint256[] memory total) = table.weights();
        vm.assertEq(active[0], N * STAKE);
        vm.assertEq(total[1], N * STAKE);
        vm.assertEq(table.memberCount(), N);
        vm.assertEq(header.depth, 3);
    }

    /// @dev The epoch's block is over, and its table is what it was then, whatever changed since.
    function test_Attack_table_of_another_block() external {
        (uint32 depth, bytes32 root, BN254.G1Point memory aggregate, uint48 expiry) = table.state();
        uint64 next = header.epoch + 1;
        vm.roll(table.epochBlock(next));
        vm.expectRevert(abi.encodeWithSelector(IOperatorTable.EpochNotOver.selector, next));
        table.commit(next, depth, root, aggregate, expiry);
        vm.roll(block.number + 1);
        _leaveService(0);
        (uint32 depthNow, bytes32 rootNow, BN254.G1Point memory aggregateNow, uint48 expiryNow) = table.state();
        vm.expectRevert(abi.encodeWithSelector(IOperatorTable.NotTheTable.selector, next));
        table.commit(next, depthNow, rootNow, aggregateNow, expiryNow);
        table.commit(next, depth, root, aggregate, expiry);
        bytes32 commitment = table.commitments(next);
        header.epoch = next;
        vm.assertEq(commitment, keccak256(abi.encode(header)));
        vm.assertEq(table.commit(next, depthNow, rootNow, aggregateNow, expiryNow), commitment);
    }

    function test_Attack_weight_of_a_deregistered_operator() external {
        _leaveService(0);
        _nextEpoch();
        vm.assertEq(header.active[0], (N - 1) * STAKE);
        vm.assertEq(header.total[0], N * STAKE);
        Certificate memory certificate = _certify(_block(10, "a"), N);
        vm.expectRevert(IMachVerifier.InvalidSignature.selector);
        verifier.verify(certificate);
    }

    function test_Attack_weight_of_an_undelegated_operator() external {
        address delegator = address(0xDE);
        _deposit(delegator, 4 * STAKE);
        vm.prank(delegator);
        dm.delegateTo(_operatorAt(0), IDelegationManager.SignatureWithExpiry("", 0), 0);
        _mine(UNDECIDED);
        _refresh(0);
        uint256 raised = _weight(0)[0];
        vm.assertGt(raised, STAKE);
        vm.prank(delegator);
        dm.undelegate(delegator);
        _refresh(0);
        vm.assertEq(_weight(0)[0], STAKE);
        (uint256[] memory active, uint256[] memory total) = table.weights();
        vm.assertEq(active[0] + raised - STAKE, total[0]);
    }

    function test_Attack_weight_not_yet_allocated() external {
        _registerOperator(_operatorAt(N), 30);
        _deposit(_operatorAt(N), STAKE);
        vm.prank(_operatorAt(N));
        am.modifyAllocations(_operatorAt(N), _allocation(0, strategy, 1e18));
        _registerKey(N);
        vm.prank(_operatorAt(N));
        vm.expectRevert(
            abi.encodeWithSelector(IOperatorTable.BelowMinimum.selector, _operatorAt(N), 0, 0, 1e18)
        );
        am.registerForOperatorSets(_operatorAt(N), IAllocationManager.RegisterParams(avs, _ids(0), ""));
    }

    function test_Attack_weight_being_deallocated() external {
        vm.prank(_operatorAt(0));
        am.modifyAllocations(_operatorAt(0), _allocation(0, strategy, 0.5e18));
        _refresh(0);
        // Slashable still, but no more at the end of what is vouched for.
        vm.assertEq(_weight(0)[0], STAKE);
        _mine(2);
        _refresh(0);
        vm.assertEq(_weight(0)[0], STAKE / 2);
    }

    function test_Attack_weight_that_expired() external {
        uint256 life = table.life();
        for (uint256 i = 1; i < N; ++i) _refresh(i);
        (,,,, uint48 expiry) = table.entryOf(_operatorAt(0));
        _mine(life - 20);
        for (uint256 i = 1; i < N; ++i) _refresh(i);
        vm.roll(expiry + 1);
        while ((block.number - table.startBlock()) % EPOCH != 0) _mine(1);
        uint64 epoch = _epoch();
        _mine(1);
        (uint32 depth, bytes32 root, BN254.G1Point memory aggregate, uint48 oldest) = table.state();
        vm.expectRevert(abi.encodeWithSelector(IOperatorTable.ExpiredWeight.selector, epoch, expiry));
        table.commit(epoch, depth, root, aggregate, oldest);
        vm.assertEq(table.sweep(10), 1);
        vm.assertEq(_weight(0)[0], 0);
        _nextEpoch();
        vm.assertEq(header.active[0], (N - 1) * STAKE);
        vm.assertEq(header.total[0], N * STAKE);
    }

    /// @dev 67 of 100 sign, 50 of them leave, and a third of the rest with newcomers would be a quorum of what is
    ///      left. What left stays in the total.
    function test_Attack_churn_that_would_replace_the_set() external {
        for (uint256 i; i < 3; ++i) _leaveService(i);
        _mine(1);
        uint256[] memory free = table.room();
        vm.assertEq(free[0], N * STAKE / 10);
        for (uint256 i; i < 3; ++i) _enlist(N + i, STAKE, STAKE);
        vm.assertEq(_weight(N)[0], N * STAKE / 10);
        vm.assertEq(_weight(N + 1)[0], 0);
        vm.assertEq(table.room()[0], 0);
        _nextEpoch();
        vm.assertEq(header.active[0], 3 * STAKE + N * STAKE / 10);
        vm.assertEq(header.total[0], header.active[0] + 3 * STAKE);
        vm.assertLe(header.active[0] * 3, header.total[0] * 2);
    }

    /// @dev Weight that left a window ago is gone from the total. A limit by what the total was before that would let
    ///      newcomers outweigh who stayed, with no overlap between the quorums of one window.
    function test_Attack_churn_by_a_total_that_is_gone() external {
        for (uint256 i; i < N - 1; ++i) _leaveService(i);
        _mine(UNDECIDED + 1);
        vm.assertEq(table.room()[0], STAKE / 10);
        for (uint256 i; i < 2; ++i) _enlist(N + i, STAKE, STAKE);
        vm.assertEq(_weight(N)[0], STAKE / 10);
        vm.assertEq(_weight(N + 1)[0], 0);
        (uint256[] memory active, uint256[] memory total) = table.weights();
        vm.assertEq(active[0], STAKE + STAKE / 10);
        vm.assertEq(total[0], active[0]);
    }

    /// @dev Everybody leaves, and newcomers would take the place. For as long as a certificate of those who left can be
    ///      undecided, newcomers are a tenth at most, and no quorum of what they left. After a whole window without
    ///      anybody no such certificate is left, and the table begins anew.
    function test_Attack_emptying_the_set_and_filling_it_with_newcomers() external {
        for (uint256 i; i < N; ++i) _leaveService(i);
        uint256 emptied = block.number;
        _mine(1);
        _enlist(N, STAKE, STAKE);
        vm.assertEq(_weight(N)[0], N * STAKE / 10);
        _enlist(N + 1, STAKE, STAKE);
        vm.assertEq(_weight(N + 1)[0], 0);
        (uint256[] memory active, uint256[] memory total) = table.weights();
        vm.assertLe(active[0] * 3, total[0] * 2);

        // The last block at which those who left are in the total.
        vm.roll(emptied + UNDECIDED - 1);
        _refresh(N + 1);
        (active, total) = table.weights();
        vm.assertEq(active[0], N * STAKE / 10);
        vm.assertLe(active[0] * 3, total[0] * 2);
    }

    function test_Who_comes_first_after_a_window_without_anybody_is_free_to_and_nobody_after_it() external {
        for (uint256 i; i < N; ++i) _leaveService(i);
        uint256 emptied = block.number;
        vm.roll(emptied + UNDECIDED - 1);
        vm.assertEq(table.room()[0], N * STAKE / 10);
        vm.roll(emptied + UNDECIDED);
        vm.assertEq(table.room()[0], type(uint256).max);
        _enlist(N, STAKE, STAKE);
        vm.assertEq(_weight(N)[0], STAKE);
        _enlist(N + 1, STAKE, STAKE);
        vm.assertEq(_weight(N + 1)[0], 0);
    }

    function test_Who_waited_joins_later_and_who_left_is_forgotten_after_the_window() external {
        _enlist(N, STAKE, STAKE);
        vm.assertEq(_weight(N)[0], N * STAKE / 10);
        _leaveService(0);
        _mine(UNDECIDED + 1);
        _refresh(N);
        vm.assertEq(_weight(N)[0], STAKE);
        (uint256[] memory active, uint256[] memory total) = table.weights();
        vm.assertEq(active[0], total[0]);
        vm.assertEq(active[0], N * STAKE);
    }

    /// @dev A dApp's token is minted at will; its class has a quorum of its own, and so has the other.
    function test_Attack_quorum_bought_with_a_minted_token() external {
        alt.transfer(_operatorAt(0), 1000 * STAKE);
        vm.startPrank(_operatorAt(0));
        alt.approve(address(sm), 1000 * STAKE);
        sm.depositIntoStrategy(altStrategy, address(alt), 1000 * STAKE);
        vm.stopPrank();
        _refresh(0);
        vm.assertEq(_weight(0)[1], STAKE + N * STAKE / 10);
        for (uint256 i; i < 60; ++i) {
            _mine(UNDECIDED + 1);
            for (uint256 j; j < N; ++j) _refresh(j);
        }
        (uint256[] memory active,) = table.weights();
        vm.assertGt(_weight(0)[1] * 3, active[1] * 2);
        _nextEpoch();
        uint256[] memory others = new uint256[](N - 1);
        for (uint256 i = 1; i < N; ++i) others[i - 1] = i;
        Certificate memory certificate = _certify(_block(10, "a"), N, others);
        vm.expectRevert(abi.encodeWithSelector(IMachVerifier.BelowThreshold.selector, 0, STAKE, N * STAKE));
        verifier.verify(certificate);
    }

    function test_Attack_registrar_called_by_another_or_for_another_set() external {
        vm.expectRevert(IMachRegistrar.OnlyAllocationManager.selector);
        mach.registerOperator(_operatorAt(9), avs, _ids(0), "");
        vm.expectRevert(IMachRegistrar.OnlyAllocationManager.selector);
        mach.deregisterOperator(_operatorAt(0), avs, _ids(0));
        vm.expectRevert(IOperatorTable.OnlyRegistrar.selector);
        table.join(_operatorAt(9));
        vm.expectRevert(IOperatorTable.OnlySlasher.selector);
        table.jail(_operatorAt(0));
        vm.prank(address(am));
        vm.expectRevert(IMachRegistrar.WrongSet.selector);
        mach.registerOperator(_operatorAt(9), address(0xBAD), _ids(0), "");
    }

    /// @dev The core lets an operator deregister from no set at all: it stays a member, so it stays in the table.
    function test_Leaving_no_set_changes_nothing() external {
        vm.prank(_operatorAt(0));
        am.deregisterFromOperatorSets(IAllocationManager.DeregisterParams(_operatorAt(0), avs, new uint32[](0)));
        vm.assertTrue(am.isMemberOfOperatorSet(_operatorAt(0), OperatorSet(avs, 0)));
        vm.assertEq(_weight(0)[0], STAKE);
        vm.assertEq(table.memberCount(), N);
    }

    function test_Attack_joining_without_a_key() external {
        address who = _operatorAt(N);
        _registerOperator(who, 0);
        _deposit(who, STAKE);
        vm.prank(who);
        am.modifyAllocations(who, _allocation(0, strategy, 1e18));
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IOperatorTable.KeyMissing.selector, who));
        am.registerForOperatorSets(who, IAllocationManager.RegisterParams(avs, _ids(0), ""));
    }

    /// @dev Places are few. Who holds one without weight is ejected by anybody after the window.
    function test_Attack_griefing_by_squatting_places() external {
        address who = _operatorAt(0);
        vm.startPrank(who);
        am.modifyAllocations(who, _allocation(0, strategy, 0.001e18));
        vm.stopPrank();
        _mine(2);
        _refresh(0);
        vm.assertEq(_weight(0)[0], 0);
        vm.assertEq(_weight(0)[1], 0);
        _mine(UNDECIDED);
        vm.expectRevert(abi.encodeWithSelector(IMachRegistrar.NotIdle.selector, who));
        mach.ejectIdle(who);
        _mine(1);
        mach.ejectIdle(who);
        vm.assertFalse(am.isMemberOfOperatorSet(who, OperatorSet(avs, 0)));
        vm.assertEq(table.memberCount(), N - 1);
        vm.expectRevert(abi.encodeWithSelector(IMachRegistrar.NotIdle.selector, _operatorAt(1)));
        mach.ejectIdle(_operatorAt(1));
    }

    function test_Leaving_frees_the_place_and_the_tree_stays_right() external {
        _leaveService(2);
        _enlist(N, STAKE, STAKE);
        (, uint32 index,,,) = table.entryOf(_operatorAt(N));
        vm.assertEq(index, 2);
        _enlist(N + 1, STAKE, STAKE);
        (, index,,,) = table.entryOf(_operatorAt(N + 1));
        vm.assertEq(index, N);
    }

    function test_Retired_strategy_stops_counting_and_is_removed_after_its_delay() external {
        vm.expectRevert(IMachRegistrar.OnlyTimelock.selector);
        mach.retireStrategy(altStrategy);
        vm.prank(address(timelock));
        mach.retireStrategy(altStrategy);
        _refresh(0);
        vm.assertEq(_weight(0)[1], 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMachRegistrar.StrategyRemovableFrom.selector, block.number + am.DEALLOCATION_DELAY() + 1
            )
        );
        mach.removeStrategy(altStrategy);
        _mine(am.DEALLOCATION_DELAY() + 1);
        mach.removeStrategy(altStrategy);
        vm.assertEq(am.getStrategiesInOperatorSet(OperatorSet(avs, 0)).length, 1);
        vm.expectRevert(abi.encodeWithSelector(IMachRegistrar.StrategyNotRetired.selector, strategy));
        mach.removeStrategy(strategy);
    }

    /// @dev Random deposits, withdrawals, allocations and refreshes: a refreshed weight is never above the core's
    ///      figure, headers add up, and paths lead to the root.
    function testFuzz_Weight_never_above_the_cores_at_refresh(uint256 seed) external {
        for (uint256 step; step < 12; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 i = (seed >> 8) % N;
            uint256 amount = 1 + (seed >> 16) % (2 * STAKE);
            uint256 action = seed % 5;
            if (action == 0) {
                _deposit(_operatorAt(i), amount);
            } else if (action == 1) {
                uint256 held = sm.stakerDepositShares(_operatorAt(i), strategy);
                if (held > 1) _queue(_operatorAt(i), 1 + amount % (held - 1));
            } else if (action == 2) {
                try this.allocateAs(i, uint64(amount % 1e18)) {} catch {}
            } else {
                _mine(1 + amount % 15);
            }
            _refresh(i);
            uint256 core = am.getMinimumSlashableStake(
                OperatorSet(avs, 0), _one(_operatorAt(i)), _one(strategy), uint32(block.number + 1)
            )[0][0];
            vm.assertLe(_weight(i)[0], core);
        }
        (uint32 depth, bytes32 root,,) = table.state();
        (uint256[] memory active, uint256[] memory total) = table.weights();
        uint256 sum;
        for (uint256 i; i < N; ++i) {
            sum += _weight(i)[0];
            vm.assertEq(table.pathOf(uint32(i)).length, depth);
            vm.assertEq(_rootOver(i), root);
        }
        vm.assertEq(sum, active[0]);
        vm.assertGe(total[0], active[0]);
    }

    function allocateAs(uint256 i, uint64 magnitude) external {
        _allocate(_operatorAt(i), 0, magnitude);
    }

    function _rootOver(uint256 i) private view returns (bytes32) {
        uint256[] memory weight = _weight(i);
        bytes32 node = weight[0] + weight[1] == 0
            ? bytes32(0)
            : keccak256(abi.encodePacked(bytes1(0), _operatorAt(i), _g1Key(i).X, _g1Key(i).Y, weight));
        bytes32[] memory path = table.pathOf(uint32(i));
        for (uint256 level; level < path.length; ++level) {
            node = i >> level & 1 == 1
                ? keccak256(abi.encodePacked(bytes1(0x01), path[level], node))
                : keccak256(abi.encodePacked(bytes1(0x01), node, path[level]));
        }
        return node;
    }
}
