// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {IPausable} from "src/restaking/interfaces/IPausable.sol";
import {Core} from "../Core.sol";

contract ModifyAllocationsTest is Core {
    function setUp() public override {
        super.setUp();
        _announce();
        _createSet(1, address(0));
        _createSet(2, address(0));
        _registerOperator(operator, 5);
        _deposit(operator, 1000);
    }

    function test_Increase_encumbers_at_once_and_takes_effect_after_the_delay() external {
        vm.expectEmit(address(am));
        emit IAllocationManager.EncumberedMagnitudeUpdated(operator, strategy, 0.4e18);
        vm.expectEmit(address(am));
        emit IAllocationManager.AllocationUpdated(operator, _set(1), strategy, 0.4e18, uint32(block.number + 5));
        _allocate(operator, 1, 0.4e18);
        vm.assertEq(am.getAllocatableMagnitude(operator, strategy), 0.6e18);
        vm.assertEq(am.getAllocation(operator, _set(1), strategy).currentMagnitude, 0);
        _mine(5);
        vm.assertEq(am.getAllocation(operator, _set(1), strategy).currentMagnitude, 0.4e18);
        vm.assertEq(am.getAllocatedSets(operator).length, 1);
        vm.assertEq(am.getAllocatedStrategies(operator, _set(1))[0], strategy);
    }

    function test_Decrease_of_a_slashable_allocation_waits() external {
        _join(operator, 1);
        _allocate(operator, 1, 0.4e18);
        _mine(5);
        _allocate(operator, 1, 0);
        vm.assertEq(_slashable(operator, 1, block.number + 1), 400);
        vm.assertEq(_slashable(operator, 1, block.number + DEALLOCATION + 1), 0);
        vm.assertEq(am.getAllocatableMagnitude(operator, strategy), 0.6e18);
        _mine(DEALLOCATION);
        vm.assertEq(am.getAllocatableMagnitude(operator, strategy), 0.6e18);
        _mine(1);
        vm.assertEq(am.getAllocatableMagnitude(operator, strategy), 1e18);
        _allocate(operator, 2, 1e18);
        vm.assertEq(am.getAllocatedSets(operator).length, 1);
    }

    function test_Decrease_of_what_no_set_can_slash_is_instant() external {
        _allocate(operator, 1, 0.4e18);
        _mine(5);
        _allocate(operator, 1, 0.1e18);
        vm.assertEq(am.getAllocatableMagnitude(operator, strategy), 0.9e18);
    }

    function test_Refusals() external {
        _refused(operator, 1, 0, IAllocationManager.SameMagnitude.selector);
        _refused(operator, 1, 1e18 + 1, IAllocationManager.InsufficientMagnitude.selector);
        _refused(operator, 9, 1, IAllocationManager.InvalidOperatorSet.selector);
        vm.expectRevert(IAllocationManager.InvalidPermissions.selector);
        am.modifyAllocations(operator, _allocation(1, strategy, 1));
        _refused(address(0xBEEF), 1, 1, IAllocationManager.UninitializedAllocationDelay.selector);
        _pause(address(am), 1);
        _refused(operator, 1, 1, IPausable.CurrentlyPaused.selector);
    }

    function test_Allocation_delay_changes_after_its_own_delay() external {
        vm.prank(operator);
        am.setAllocationDelay(operator, 9);
        _mine(am.ALLOCATION_CONFIGURATION_DELAY());
        (, uint32 delay) = am.getAllocationDelay(operator);
        vm.assertEq(delay, 5);
        _mine(1);
        (, delay) = am.getAllocationDelay(operator);
        vm.assertEq(delay, 9);
    }

    function test_Queue_is_cleared_in_order_and_by_number() external {
        _join(operator, 1);
        _join(operator, 2);
        _allocate(operator, 1, 0.4e18);
        _allocate(operator, 2, 0.4e18);
        _mine(5);
        _allocate(operator, 1, 0.3e18);
        _mine(1);
        _allocate(operator, 2, 0.3e18);
        _mine(DEALLOCATION);
        uint16[] memory one = new uint16[](1);
        one[0] = 1;
        am.clearDeallocationQueue(operator, _one(strategy), one);
        vm.assertEq(am.getEncumberedMagnitude(operator, strategy), 0.7e18);
        _mine(1);
        vm.assertEq(am.getEncumberedMagnitude(operator, strategy), 0.6e18);
        am.clearDeallocationQueue(operator, _one(strategy), one);
        vm.assertEq(am.getEncumberedMagnitude(operator, strategy), 0.6e18);
    }

    function _refused(address who, uint32 id, uint64 magnitude, bytes4 reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        am.modifyAllocations(who, _allocation(id, strategy, magnitude));
    }
}
