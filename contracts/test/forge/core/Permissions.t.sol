// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AllocationManagerView} from "src/restaking/AllocationManagerView.sol";
import {DevelopmentChain} from "src/restaking/DevelopmentChain.sol";
import {IPausable} from "src/restaking/interfaces/IPausable.sol";
import {IPermissionController} from "src/restaking/interfaces/IPermissionController.sol";
import {PermissionController} from "src/restaking/PermissionController.sol";
import {Core} from "../Core.sol";

/// @notice PermissionController, pausing, and the refusal of public chains.
contract PermissionsTest is Core {
    address private constant ADMIN = address(0xAD);
    address private constant TARGET = address(0x7A);
    bytes4 private constant CALL = 0x12345678;

    function test_Account_is_its_own_admin_until_another_accepts() external {
        vm.assertTrue(pc.isAdmin(avs, avs));
        vm.assertEq(pc.getAdmins(avs)[0], avs);
        _admin();
        vm.assertFalse(pc.isAdmin(avs, avs));
        vm.assertFalse(pc.canCall(avs, avs, TARGET, CALL));
        vm.assertTrue(pc.canCall(avs, ADMIN, TARGET, CALL));
        vm.assertEq(pc.getAdmins(avs)[0], ADMIN);
    }

    function test_Appointee_may_make_its_call_and_no_other() external {
        address appointee = address(0xA9);
        vm.prank(avs);
        pc.setAppointee(avs, appointee, TARGET, CALL);
        vm.assertTrue(pc.canCall(avs, appointee, TARGET, CALL));
        vm.assertFalse(pc.canCall(avs, appointee, TARGET, 0x12345679));
        vm.assertFalse(pc.canCall(avs, appointee, address(0x7B), CALL));
        vm.assertEq(pc.getAppointees(avs, TARGET, CALL)[0], appointee);
        (address[] memory targets, bytes4[] memory selectors) = pc.getAppointeePermissions(avs, appointee);
        vm.assertEq(targets[0], TARGET);
        vm.assertEq(bytes32(selectors[0]), bytes32(CALL));
        vm.prank(avs);
        pc.removeAppointee(avs, appointee, TARGET, CALL);
        vm.assertFalse(pc.canCall(avs, appointee, TARGET, CALL));
    }

    function test_Refusals() external {
        vm.expectRevert(IPermissionController.NotAdmin.selector);
        pc.addPendingAdmin(avs, ADMIN);
        vm.expectRevert(IPermissionController.AdminNotPending.selector);
        pc.acceptAdmin(avs);
        _admin();
        vm.startPrank(ADMIN);
        vm.expectRevert(IPermissionController.CannotHaveZeroAdmins.selector);
        pc.removeAdmin(avs, ADMIN);
        vm.expectRevert(IPermissionController.AdminAlreadySet.selector);
        pc.addPendingAdmin(avs, ADMIN);
        pc.addPendingAdmin(avs, address(0xAF));
        vm.assertTrue(pc.isPendingAdmin(avs, address(0xAF)));
        pc.removePendingAdmin(avs, address(0xAF));
        vm.expectRevert(IPermissionController.AppointeeNotSet.selector);
        pc.removeAppointee(avs, address(1), TARGET, CALL);
    }

    function test_Pausing_sets_and_unpausing_clears() external {
        IPausable pausable = IPausable(address(am));
        vm.expectRevert(IPausable.OnlyPauser.selector);
        pausable.pause(1);
        vm.startPrank(PAUSER);
        pausable.pause(5);
        vm.assertTrue(pausable.paused(0));
        vm.assertFalse(pausable.paused(1));
        vm.expectRevert(IPausable.InvalidNewPausedStatus.selector);
        pausable.pause(4);
        vm.expectRevert(IPausable.InvalidNewPausedStatus.selector);
        pausable.unpause(7);
        pausable.unpause(4);
        vm.assertEq(pausable.paused(), 4);
    }

    function test_No_core_on_public_chains() external {
        uint256[6] memory ids = [uint256(1), 11155111, 560048, 8453, 10, 42161];
        for (uint256 i; i < ids.length; ++i) {
            vm.chainId(ids[i]);
            vm.expectRevert(abi.encodeWithSelector(DevelopmentChain.PublicChain.selector, ids[i]));
            new PermissionController();
            vm.expectRevert(abi.encodeWithSelector(DevelopmentChain.PublicChain.selector, ids[i]));
            new AllocationManagerView(address(1), address(0));
        }
        vm.chainId(900);
        new PermissionController();
    }

    function _admin() private {
        vm.prank(avs);
        pc.addPendingAdmin(avs, ADMIN);
        vm.prank(ADMIN);
        pc.acceptAdmin(avs);
    }
}
