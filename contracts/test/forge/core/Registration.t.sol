// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {IAVSRegistrar} from "src/restaking/interfaces/IAVSRegistrar.sol";
import {IPausable} from "src/restaking/interfaces/IPausable.sol";
import {Core} from "../Core.sol";

/// @notice registerForOperatorSets and deregisterFromOperatorSets.
contract RegistrationTest is Core {
    function setUp() public override {
        super.setUp();
        _announce();
        _createSet(1, address(0));
        _registerOperator(operator, 0);
    }

    function test_Registrar_is_told_of_joining_and_leaving() external {
        vm.expectCall(
            address(registrar), abi.encodeCall(IAVSRegistrar.registerOperator, (operator, avs, _ids(1), bytes("")))
        );
        _join(operator, 1);
        vm.assertEq(am.getMembers(_set(1))[0], operator);
        vm.assertEq(am.getRegisteredSets(operator).length, 1);
        vm.expectCall(
            address(registrar), abi.encodeCall(IAVSRegistrar.deregisterOperator, (operator, avs, _ids(1)))
        );
        _leave(operator, 1);
        vm.assertEq(am.getMemberCount(_set(1)), 0);
        vm.assertTrue(am.isOperatorSlashable(operator, _set(1)));
        _mine(DEALLOCATION + 1);
        vm.assertFalse(am.isOperatorSlashable(operator, _set(1)));
    }

    function test_Refusing_registrar_keeps_an_operator_out() external {
        registrar.setRefuses(true);
        vm.prank(operator);
        vm.expectRevert();
        am.registerForOperatorSets(operator, IAllocationManager.RegisterParams(avs, _ids(1), ""));
        vm.assertEq(am.getMemberCount(_set(1)), 0);
    }

    function test_Refusals() external {
        _refusedJoin(operator, 9, IAllocationManager.InvalidOperatorSet.selector);
        _refusedJoin(address(0xBEEF), 1, IAllocationManager.InvalidOperator.selector);
        vm.expectRevert(IAllocationManager.InvalidPermissions.selector);
        am.registerForOperatorSets(operator, IAllocationManager.RegisterParams(avs, _ids(1), ""));
        vm.prank(operator);
        vm.expectRevert(IAllocationManager.NotMemberOfSet.selector);
        am.deregisterFromOperatorSets(IAllocationManager.DeregisterParams(operator, avs, _ids(1)));
        _join(operator, 1);
        vm.expectRevert(IAllocationManager.InvalidCaller.selector);
        am.deregisterFromOperatorSets(IAllocationManager.DeregisterParams(operator, avs, _ids(1)));
        _pause(address(am), 4);
        _refusedJoin(operator, 1, IPausable.CurrentlyPaused.selector);
    }

    function _refusedJoin(address who, uint32 id, bytes4 reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        am.registerForOperatorSets(who, IAllocationManager.RegisterParams(avs, _ids(id), ""));
    }
}
