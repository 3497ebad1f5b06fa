// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDelegationManager} from "src/restaking/interfaces/IDelegationManager.sol";
import {IStrategyManager} from "src/restaking/interfaces/IStrategyManager.sol";
import {Core} from "../Core.sol";

/// @notice queueWithdrawals and completeQueuedWithdrawal.
contract WithdrawalsTest is Core {
    function setUp() public override {
        super.setUp();
        _announce();
        _createSet(1, address(0));
        _registerOperator(operator, 0);
        _join(operator, 1);
        _deposit(staker, 1000);
        _delegate(staker, operator);
        _allocate(operator, 1, 1e18);
    }

    function test_Root_and_nonce() external {
        IDelegationManager.Withdrawal memory first = _queue(staker, 1);
        IDelegationManager.Withdrawal memory second = _queue(staker, 1);
        vm.assertEq(first.nonce + 1, second.nonce);
        bytes32 root = dm.calculateWithdrawalRoot(first);
        vm.assertEq(root, keccak256(abi.encode(first)));
        vm.assertEq(dm.getQueuedWithdrawalRoots(staker)[0], root);
    }

    function test_Slash_in_the_last_block_of_the_delay_counts_and_in_the_next_not() external {
        IDelegationManager.Withdrawal memory withdrawal = _queue(staker, 400);
        _mine(DEALLOCATION);
        uint256 snapshot = vm.snapshotState();
        _slash(operator, 1, 0.5e18);
        _mine(1);
        vm.assertEq(_complete(withdrawal), 200);

        vm.revertToState(snapshot);
        _mine(1);
        _slash(operator, 1, 0.5e18);
        vm.assertEq(_complete(withdrawal), 400);
    }

    function test_Completing_twice_is_refused() external {
        IDelegationManager.Withdrawal memory withdrawal = _queue(staker, 400);
        _mine(DEALLOCATION + 1);
        _complete(withdrawal);
        vm.prank(staker);
        vm.expectRevert(IDelegationManager.WithdrawalNotQueued.selector);
        dm.completeQueuedWithdrawal(withdrawal, _one(address(token)), true);
    }

    function test_Withdrawal_that_was_not_queued_is_refused() external {
        IDelegationManager.Withdrawal memory withdrawal = _queue(staker, 400);
        withdrawal.scaledShares[0] = 401;
        _mine(DEALLOCATION + 1);
        vm.prank(staker);
        vm.expectRevert(IDelegationManager.WithdrawalNotQueued.selector);
        dm.completeQueuedWithdrawal(withdrawal, _one(address(token)), true);
    }

    function test_Back_into_shares_after_a_slash() external {
        IDelegationManager.Withdrawal memory withdrawal = _queue(staker, 400);
        _slash(operator, 1, 0.5e18);
        _mine(DEALLOCATION + 1);
        vm.prank(staker);
        dm.completeQueuedWithdrawal(withdrawal, _one(address(token)), false);
        (uint256[] memory withdrawable,) = dm.getWithdrawableShares(staker, _one(strategy));
        vm.assertEq(withdrawable[0], 500);
        vm.assertEq(dm.operatorShares(operator, strategy), 500);
    }

    function test_Refusals() external {
        IDelegationManager.QueuedWithdrawalParams[] memory params =
            new IDelegationManager.QueuedWithdrawalParams[](1);
        params[0] = IDelegationManager.QueuedWithdrawalParams(_one(strategy), _one(1001), address(0));
        vm.startPrank(staker);
        vm.expectRevert();
        dm.queueWithdrawals(params);
        params[0].depositShares[0] = 0;
        vm.expectRevert(IStrategyManager.SharesAmountZero.selector);
        dm.queueWithdrawals(params);
        params[0].depositShares = new uint256[](2);
        vm.expectRevert(IDelegationManager.InputArrayLengthMismatch.selector);
        dm.queueWithdrawals(params);
        params[0] = IDelegationManager.QueuedWithdrawalParams(new address[](0), new uint256[](0), address(0));
        vm.expectRevert(IDelegationManager.InputArrayLengthZero.selector);
        dm.queueWithdrawals(params);
        vm.stopPrank();
    }

    /// @dev Core v1.13: what was slashed rests before it moves.
    function test_Slashed_funds_rest_for_the_resolution_delay() external {
        _deploy(20, DEALLOCATION);
        _mine(DEALLOCATION + 2);
        (token, strategy) = _newStrategy();
        _announce();
        _createSet(1, address(0xCAFE));
        _registerOperator(operator, 0);
        _join(operator, 1);
        _deposit(operator, 1000);
        _allocate(operator, 1, 1e18);
        (uint256 id,) = _slash(operator, 1, 1e18);
        vm.assertEq(sm.getPendingSlashIds(_set(1))[0], id);
        vm.assertEq(sm.getPendingOperatorSets().length, 1);
        _mine(20);
        vm.expectRevert(IStrategyManager.SlashResolutionDelayNotElapsed.selector);
        sm.clearBurnOrRedistributableShares(_set(1), id);
        _mine(1);
        sm.clearBurnOrRedistributableShares(_set(1), id);
        vm.assertEq(token.balanceOf(address(0xCAFE)), 1000);
        vm.assertEq(sm.getPendingOperatorSets().length, 0);
        vm.assertEq(sm.clearBurnOrRedistributableShares(_set(1), id).length, 0);
    }

    function _complete(IDelegationManager.Withdrawal memory withdrawal) private returns (uint256) {
        uint256 before = token.balanceOf(staker);
        vm.prank(staker);
        dm.completeQueuedWithdrawal(withdrawal, _one(address(token)), true);
        return token.balanceOf(staker) - before;
    }
}
