// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDelegationManager} from "src/restaking/interfaces/IDelegationManager.sol";
import {IPausable} from "src/restaking/interfaces/IPausable.sol";
import {Core} from "../Core.sol";

/// @notice registerAsOperator, delegateTo, undelegate, redelegate.
contract DelegationTest is Core {
    function test_Operator_delegates_to_itself_for_ever() external {
        _deposit(operator, 10);
        _registerOperator(operator, 7);
        vm.assertTrue(dm.isOperator(operator));
        vm.assertEq(dm.operatorShares(operator, strategy), 10);
        (bool isSet, uint32 delay) = am.getAllocationDelay(operator);
        vm.assertTrue(isSet);
        vm.assertEq(delay, 7);
        vm.startPrank(operator);
        vm.expectRevert(IDelegationManager.ActivelyDelegated.selector);
        dm.registerAsOperator(address(0), 7, "");
        vm.expectRevert(IDelegationManager.OperatorsCannotUndelegate.selector);
        dm.undelegate(operator);
    }

    function test_Delegated_shares_follow_deposits() external {
        _registerOperator(operator, 0);
        _deposit(staker, 100);
        _delegate(staker, operator);
        vm.assertEq(dm.operatorShares(operator, strategy), 100);
        _deposit(staker, 11);
        vm.assertEq(dm.operatorShares(operator, strategy), 111);
        vm.prank(staker);
        vm.expectRevert(IDelegationManager.ActivelyDelegated.selector);
        dm.delegateTo(operator, IDelegationManager.SignatureWithExpiry("", 0), 0);
    }

    function test_Approver_has_to_sign_once() external {
        uint256 key = 0xA99;
        vm.prank(operator);
        dm.registerAsOperator(vm.addr(key), 0, "");
        bytes32 salt = bytes32("salt");
        bytes32 digest = dm.calculateDelegationApprovalDigestHash(
            staker, operator, vm.addr(key), salt, block.timestamp
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        IDelegationManager.SignatureWithExpiry memory approval =
            IDelegationManager.SignatureWithExpiry(abi.encodePacked(r, s, v), block.timestamp);
        vm.prank(address(0xBEEF));
        vm.expectRevert(IDelegationManager.InvalidSignature.selector);
        dm.delegateTo(operator, approval, salt);
        vm.prank(staker);
        dm.delegateTo(operator, approval, salt);
        vm.prank(staker);
        dm.undelegate(staker);
        vm.prank(staker);
        vm.expectRevert(IDelegationManager.SaltSpent.selector);
        dm.delegateTo(operator, approval, salt);
        vm.warp(block.timestamp + 1);
        vm.prank(staker);
        vm.expectRevert(IDelegationManager.SignatureExpired.selector);
        dm.delegateTo(operator, approval, bytes32("other"));
    }

    function test_Undelegating_queues_all_shares() external {
        _registerOperator(operator, 0);
        _deposit(staker, 100);
        _delegate(staker, operator);
        vm.prank(staker);
        vm.assertEq(dm.undelegate(staker).length, 1);
        vm.assertEq(dm.operatorShares(operator, strategy), 0);
        vm.assertEq(sm.stakerDepositShares(staker, strategy), 0);
        (, uint256[][] memory shares) = dm.getQueuedWithdrawals(staker);
        vm.assertEq(shares[0][0], 100);
    }

    function test_Who_may_undelegate() external {
        _registerOperator(operator, 0);
        _delegate(staker, operator);
        vm.expectRevert(IDelegationManager.CallerCannotUndelegate.selector);
        dm.undelegate(staker);
        vm.expectEmit(address(dm));
        emit IDelegationManager.StakerForceUndelegated(staker, operator);
        vm.prank(operator);
        dm.undelegate(staker);
        vm.prank(staker);
        vm.expectRevert(IDelegationManager.NotActivelyDelegated.selector);
        dm.undelegate(staker);
    }

    function test_Redelegated_shares_arrive_with_their_withdrawal() external {
        address other = address(0x0B);
        _registerOperator(operator, 0);
        _registerOperator(other, 0);
        _deposit(staker, 100);
        _delegate(staker, operator);
        vm.prank(staker);
        bytes32 root = dm.redelegate(other, IDelegationManager.SignatureWithExpiry("", 0), 0)[0];
        vm.assertEq(dm.delegatedTo(staker), other);
        (IDelegationManager.Withdrawal memory withdrawal,) = dm.getQueuedWithdrawal(root);
        _mine(dm.minWithdrawalDelayBlocks() + 1);
        vm.prank(staker);
        dm.completeQueuedWithdrawal(withdrawal, _one(address(token)), false);
        vm.assertEq(dm.operatorShares(other, strategy), 100);
    }

    /// @dev Who deposits or delegates after a slash does not pay for it.
    function testFuzz_New_shares_are_not_hit_by_old_slashes(uint256 amount, uint256 wad) external {
        amount = _bound(amount, 1e6, 1e30);
        wad = _bound(wad, 1, 0.999e18);
        _announce();
        _createSet(1, address(0));
        _registerOperator(operator, 0);
        _deposit(operator, 1e18);
        _join(operator, 1);
        _allocate(operator, 1, 1e18);
        _slash(operator, 1, wad);
        _deposit(staker, amount);
        _delegate(staker, operator);
        (uint256[] memory withdrawable,) = dm.getWithdrawableShares(staker, _one(strategy));
        vm.assertLe(withdrawable[0], amount);
        vm.assertGe(withdrawable[0] + amount / 1e12 + 1, amount);
    }

    function test_Paused() external {
        _registerOperator(operator, 0);
        _pause(address(dm), 1);
        vm.prank(staker);
        vm.expectRevert(IPausable.CurrentlyPaused.selector);
        dm.delegateTo(operator, IDelegationManager.SignatureWithExpiry("", 0), 0);
    }

    function test_Hooks_are_the_managers_alone() external {
        vm.expectRevert(IDelegationManager.OnlyAllocationManager.selector);
        dm.slashOperatorShares(operator, _set(1), 1, strategy, 1e18, 0);
        vm.expectRevert(IDelegationManager.OnlyStrategyManagerOrEigenPodManager.selector);
        dm.increaseDelegatedShares(staker, strategy, 0, 1);
    }
}
