// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {IDelegationManager} from "src/restaking/interfaces/IDelegationManager.sol";
import {IPausable} from "src/restaking/interfaces/IPausable.sol";
import {Core} from "../Core.sol";
import {ReentrantToken} from "../Tokens.sol";

contract SlashOperatorTest is Core {
    function setUp() public override {
        super.setUp();
        _announce();
        _createSet(1, address(0));
        _createSet(2, address(0));
        _registerOperator(operator, 0);
        _join(operator, 1);
        _join(operator, 2);
    }

    function _ready(uint256 shares, uint64 magnitude) private {
        _deposit(operator, shares);
        _allocate(operator, 1, magnitude);
    }

    function test_Event_tells_the_part_of_the_whole_stake() external {
        _ready(1000, 0.5e18);
        vm.expectEmit(address(am));
        emit IAllocationManager.OperatorSlashed(operator, _set(1), _one(strategy), _one(0.25e18), "test");
        _slash(operator, 1, 0.5e18);
    }

    function test_Counts_a_slash_of_nothing() external {
        _deposit(operator, 1000);
        (uint256 id, uint256 shares) = _slash(operator, 1, 1e18);
        vm.assertEq(id, 1);
        vm.assertEq(shares, 0);
        vm.assertEq(am.getSlashCount(_set(1)), 1);
        vm.assertEq(am.getMaxMagnitude(operator, strategy), 1e18);
    }

    function test_Pending_increase_is_out_of_reach() external {
        _deposit(operator, 1000);
        vm.prank(operator);
        am.setAllocationDelay(operator, 20);
        _mine(ALLOCATION_CONFIGURATION + 1);
        _allocate(operator, 1, 0.5e18);
        (, uint256 shares) = _slash(operator, 1, 1e18);
        vm.assertEq(shares, 0);
        _mine(20);
        (, shares) = _slash(operator, 1, 1e18);
        vm.assertEq(shares, 500);
    }

    function test_Pending_decrease_is_within_reach_and_shrinks() external {
        _ready(1000, 0.5e18);
        _allocate(operator, 1, 0.2e18);
        _slash(operator, 1, 0.5e18);
        IAllocationManager.Allocation memory allocation = am.getAllocation(operator, _set(1), strategy);
        vm.assertEq(allocation.currentMagnitude, 0.25e18);
        vm.assertTrue(allocation.pendingDiff == -0.15e18);
        _mine(DEALLOCATION + 1);
        vm.assertEq(am.getAllocation(operator, _set(1), strategy).currentMagnitude, 0.1e18);
        vm.assertEq(am.getEncumberedMagnitude(operator, strategy), 0.1e18);
    }

    /// @dev A slash may settle a deallocation that stands in the queue uncleared; the queue then drops its entry.
    function test_Slash_after_a_due_deallocation_frees_it_once() external {
        _ready(1000, 0.5e18);
        _allocate(operator, 1, 0.2e18);
        _mine(DEALLOCATION + 1);
        _slash(operator, 1, 0.5e18);
        vm.assertEq(am.getEncumberedMagnitude(operator, strategy), 0.1e18);
        uint16[] memory all = new uint16[](1);
        all[0] = type(uint16).max;
        am.clearDeallocationQueue(operator, _one(strategy), all);
        vm.assertEq(am.getEncumberedMagnitude(operator, strategy), 0.1e18);
        vm.assertEq(am.getAllocatableMagnitude(operator, strategy), 0.8e18);
    }

    function test_Refuses_bad_parameters() external {
        _ready(1000, 0.5e18);
        _refused(0, IAllocationManager.InvalidWadToSlash.selector);
        _refused(1e18 + 1, IAllocationManager.InvalidWadToSlash.selector);
        IAllocationManager.SlashingParams memory params = _slashing(operator, 1, 1e18);
        params.strategies[0] = address(0xBAD);
        vm.expectRevert(IAllocationManager.StrategyNotInOperatorSet.selector);
        am.slashOperator(avs, params);
        params = IAllocationManager.SlashingParams(operator, 1, new address[](2), new uint256[](2), "");
        params.strategies[0] = params.strategies[1] = strategy;
        params.wadsToSlash[0] = params.wadsToSlash[1] = 1;
        vm.expectRevert(IAllocationManager.StrategiesMustBeInAscendingOrder.selector);
        am.slashOperator(avs, params);
        params.wadsToSlash = new uint256[](1);
        vm.expectRevert(IAllocationManager.InputArrayLengthMismatch.selector);
        am.slashOperator(avs, params);
        params = _slashing(operator, 9, 1e18);
        vm.expectRevert(IAllocationManager.InvalidOperatorSet.selector);
        am.slashOperator(avs, params);
        params = _slashing(address(0xBEEF), 1, 1e18);
        vm.expectRevert(IAllocationManager.OperatorNotSlashable.selector);
        am.slashOperator(avs, params);
    }

    function test_Paused() external {
        _ready(1000, 0.5e18);
        _pause(address(am), 2);
        _refused(1e18, IPausable.CurrentlyPaused.selector);
    }

    /// @dev Slashing moves no token, so a hostile one is not even called; clearing calls it, under a guard.
    function test_Reentrancy_through_a_token() external {
        ReentrantToken hostile = new ReentrantToken();
        address hostileStrategy = factory.deployNewStrategy(address(hostile));
        _createSet(3, _one(hostileStrategy), address(0xCAFE));
        _join(operator, 3);
        hostile.mint(operator, 1000);
        vm.startPrank(operator);
        hostile.approve(address(sm), 1000);
        sm.depositIntoStrategy(hostileStrategy, address(hostile), 1000);
        am.modifyAllocations(operator, _allocation(3, hostileStrategy, 1e18));
        vm.stopPrank();
        IAllocationManager.SlashingParams memory params = _slashing(operator, 3, 1e18);
        params.strategies[0] = hostileStrategy;
        (uint256 id,) = am.slashOperator(avs, params);
        hostile.arm(address(sm), abi.encodeCall(sm.clearBurnOrRedistributableShares, (_set(3), id)));
        vm.assertEq(sm.clearBurnOrRedistributableShares(_set(3), id)[0], 1000);
        vm.assertEq(hostile.attempts(), 1);
        vm.assertEq(hostile.successes(), 0);
        vm.assertEq(hostile.balanceOf(address(0xCAFE)), 1000);
    }

    /// @dev The rules in one formula each, over all magnitudes and parts.
    function testFuzz_Arithmetic(uint256 shares, uint64 magnitude, uint256 wad, uint256 queued) external {
        shares = _bound(shares, 1, 1e30);
        magnitude = uint64(_bound(magnitude, 1, 1e18));
        wad = _bound(wad, 1, 1e18);
        queued = _bound(queued, 1, shares);
        _ready(shares, magnitude);
        _queue(operator, queued);

        uint256 slashed = (uint256(magnitude) * wad + 1e18 - 1) / 1e18;
        uint256 newMax = 1e18 - slashed;
        uint256 kept = ((shares - queued) * newMax + 1e18 - 1) / 1e18;
        uint256 keptInQueue = (queued * newMax + 1e18 - 1) / 1e18;
        (, uint256 taken) = _slash(operator, 1, wad);

        vm.assertEq(am.getMaxMagnitude(operator, strategy), newMax);
        vm.assertEq(am.getAllocation(operator, _set(1), strategy).currentMagnitude, magnitude - slashed);
        vm.assertEq(dm.operatorShares(operator, strategy), kept);
        vm.assertEq(taken, shares - kept - keptInQueue);
        (uint256[] memory withdrawable,) = dm.getWithdrawableShares(operator, _one(strategy));
        vm.assertLe(withdrawable[0], kept);
    }

    /// @dev What one set slashes never lowers what another can.
    function testFuzz_Unique_stake(uint64 first, uint64 second, uint256 wad) external {
        first = uint64(_bound(first, 1, 1e18 - 1));
        second = uint64(_bound(second, 1, 1e18 - first));
        _deposit(operator, 1e24);
        _allocate(operator, 1, first);
        _allocate(operator, 2, second);
        uint256 before = _slashable(operator, 2, block.number + 1);
        _slash(operator, 1, _bound(wad, 1, 1e18));
        // Dividing by a smaller maximum only rounds differently: within two units of the last place.
        vm.assertGe(_slashable(operator, 2, block.number + 1) + 1e6 + 1, before);
        vm.assertEq(am.getAllocation(operator, _set(2), strategy).currentMagnitude, second);
    }

    function test_Fully_slashed_operator_takes_no_deposits() external {
        _ready(1000, 1e18);
        _slash(operator, 1, 1e18);
        token.mint(operator, 5);
        vm.startPrank(operator);
        token.approve(address(sm), 5);
        vm.expectRevert(IDelegationManager.FullySlashed.selector);
        sm.depositIntoStrategy(strategy, address(token), 5);
        vm.stopPrank();
    }

    function _refused(uint256 wad, bytes4 reason) private {
        IAllocationManager.SlashingParams memory params = _slashing(operator, 1, wad);
        vm.expectRevert(reason);
        am.slashOperator(avs, params);
    }
}
