// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRewardsCoordinator} from "src/restaking/interfaces/IRewardsCoordinator.sol";
import {Core} from "../Core.sol";

contract RewardsTest is Core {
    address private earner = address(0xEA);

    function setUp() public override {
        super.setUp();
        _announce();
        _createSet(1, address(0));
        vm.warp(block.timestamp / INTERVAL * INTERVAL + 1);
        token.mint(avs, 1e30);
        token.mint(address(rc), 1e30);
        vm.prank(avs);
        token.approve(address(rc), type(uint256).max);
    }

    function _start(uint32 intervalsAgo) private view returns (uint32) {
        return uint32(block.timestamp) - 1 - intervalsAgo * INTERVAL;
    }

    function _submission(uint32 start, uint32 duration)
        private
        view
        returns (IRewardsCoordinator.OperatorDirectedRewardsSubmission[] memory list)
    {
        list = new IRewardsCoordinator.OperatorDirectedRewardsSubmission[](1);
        list[0].strategiesAndMultipliers = new IRewardsCoordinator.StrategyAndMultiplier[](1);
        list[0].strategiesAndMultipliers[0] = IRewardsCoordinator.StrategyAndMultiplier(strategy, 1e18);
        list[0].token = address(token);
        list[0].operatorRewards = new IRewardsCoordinator.OperatorReward[](2);
        list[0].operatorRewards[0] = IRewardsCoordinator.OperatorReward(address(1), 3);
        list[0].operatorRewards[1] = IRewardsCoordinator.OperatorReward(address(2), 4);
        (list[0].startTimestamp, list[0].duration) = (start, duration);
    }

    function _submit(IRewardsCoordinator.OperatorDirectedRewardsSubmission[] memory list, bytes4 reason) private {
        vm.prank(avs);
        if (reason != 0) vm.expectRevert(reason);
        rc.createOperatorDirectedOperatorSetRewardsSubmission(_set(1), list);
    }

    function test_Directed_submission_takes_the_sum() external {
        uint256 before = token.balanceOf(avs);
        _submit(_submission(_start(2), INTERVAL), 0);
        vm.assertEq(before - token.balanceOf(avs), 7);
        vm.assertEq(rc.submissionNonce(avs), 1);
    }

    function test_Directed_submission_is_for_a_time_that_is_over() external {
        vm.warp(block.timestamp - 1);
        _submit(_submission(uint32(block.timestamp) - INTERVAL, INTERVAL), IRewardsCoordinator.SubmissionNotRetroactive.selector);
        vm.warp(block.timestamp + 1);
        _submit(_submission(_start(1), INTERVAL), 0);
    }

    function test_Directed_submission_is_checked() external {
        IRewardsCoordinator.OperatorDirectedRewardsSubmission[] memory list = _submission(_start(2), INTERVAL);
        list[0].operatorRewards[1].operator = address(1);
        _submit(list, IRewardsCoordinator.OperatorsNotInAscendingOrder.selector);
        list = _submission(_start(2), INTERVAL);
        list[0].operatorRewards[0].amount = 0;
        _submit(list, IRewardsCoordinator.AmountIsZero.selector);
        _submit(_submission(_start(2), INTERVAL - 1), IRewardsCoordinator.InvalidDurationRemainder.selector);
        _submit(_submission(_start(2) - 1, INTERVAL), IRewardsCoordinator.InvalidStartTimestampRemainder.selector);
        _submit(_submission(_start(1001), INTERVAL), IRewardsCoordinator.StartTimestampTooFarInPast.selector);
        _submit(_submission(_start(200), 101 * INTERVAL), IRewardsCoordinator.DurationExceedsMax.selector);
        _submit(_submission(_start(2), 0), IRewardsCoordinator.DurationIsZero.selector);
        list = _submission(_start(2), INTERVAL);
        list[0].strategiesAndMultipliers[0].strategy = address(0xBAD);
        _submit(list, IRewardsCoordinator.StrategyNotWhitelisted.selector);
        vm.expectRevert(IRewardsCoordinator.InvalidPermissions.selector);
        rc.createOperatorDirectedOperatorSetRewardsSubmission(_set(1), list);
        vm.prank(avs);
        vm.expectRevert(IRewardsCoordinator.InvalidOperatorSet.selector);
        rc.createOperatorDirectedOperatorSetRewardsSubmission(_set(9), list);
    }

    function test_Stake_submissions_may_begin_later() external {
        IRewardsCoordinator.RewardsSubmission[] memory list = new IRewardsCoordinator.RewardsSubmission[](1);
        list[0].strategiesAndMultipliers = _submission(0, 0)[0].strategiesAndMultipliers;
        (list[0].token, list[0].amount) = (address(token), 5);
        (list[0].startTimestamp, list[0].duration) = (uint32(block.timestamp) - 1 + INTERVAL, INTERVAL);
        uint256 before = token.balanceOf(avs);
        vm.startPrank(avs);
        rc.createUniqueStakeRewardsSubmission(_set(1), list);
        rc.createTotalStakeRewardsSubmission(_set(1), list);
        vm.assertEq(before - token.balanceOf(avs), 10);
        list[0].startTimestamp += 101 * INTERVAL;
        vm.expectRevert(IRewardsCoordinator.StartTimestampTooFarInFuture.selector);
        rc.createUniqueStakeRewardsSubmission(_set(1), list);
    }

    /// @dev Two earners with two tokens each: claims are cumulative, and by the earner or its claimer only.
    function test_Claims_by_proof() external {
        IRewardsCoordinator.RewardsMerkleClaim memory claim = _claim(100);
        vm.prank(earner);
        vm.expectRevert(IRewardsCoordinator.RootNotActivated.selector);
        rc.processClaim(claim, earner);
        vm.warp(block.timestamp + rc.activationDelay());
        vm.expectRevert(IRewardsCoordinator.UnauthorizedCaller.selector);
        rc.processClaim(claim, earner);
        vm.startPrank(earner);
        rc.processClaim(claim, earner);
        vm.assertEq(token.balanceOf(earner), 100);
        vm.expectRevert(IRewardsCoordinator.EarningsNotGreaterThanClaimed.selector);
        rc.processClaim(claim, earner);
        rc.setClaimerFor(address(0xC1));
        vm.stopPrank();

        vm.warp(block.timestamp + INTERVAL);
        claim = _claim(130);
        vm.warp(block.timestamp + rc.activationDelay());
        vm.prank(earner);
        vm.expectRevert(IRewardsCoordinator.UnauthorizedCaller.selector);
        rc.processClaim(claim, earner);
        vm.prank(address(0xC1));
        rc.processClaim(claim, address(0x99));
        vm.assertEq(token.balanceOf(address(0x99)), 30);
    }

    function test_Forged_claims() external {
        IRewardsCoordinator.RewardsMerkleClaim memory claim = _claim(100);
        vm.warp(block.timestamp + rc.activationDelay());
        claim.tokenLeaves[0].cumulativeEarnings = 101;
        _refused(claim, IRewardsCoordinator.InvalidClaimProof.selector);
        claim.tokenLeaves[0].cumulativeEarnings = 100;
        claim.earnerLeaf.earner = address(0xBAD);
        _refused(claim, IRewardsCoordinator.InvalidClaimProof.selector);
        claim.earnerLeaf.earner = earner;
        claim.earnerIndex = 2;
        _refused(claim, IRewardsCoordinator.InvalidEarnerLeafIndex.selector);
        claim.earnerIndex = 1;
        claim.rootIndex = 1;
        _refused(claim, IRewardsCoordinator.InvalidRootIndex.selector);
        claim.rootIndex = 0;
        vm.assertTrue(rc.checkClaim(claim));
    }

    function test_Roots_are_the_updaters() external {
        vm.expectRevert(IRewardsCoordinator.UnauthorizedCaller.selector);
        rc.submitRoot(bytes32(uint256(1)), 1);
        vm.startPrank(UPDATER);
        rc.submitRoot(bytes32(uint256(1)), 1);
        vm.expectRevert(IRewardsCoordinator.NewRootMustBeForNewCalculatedPeriod.selector);
        rc.submitRoot(bytes32(uint256(1)), 1);
        vm.expectRevert(IRewardsCoordinator.RewardsEndTimestampNotElapsed.selector);
        rc.submitRoot(bytes32(uint256(1)), uint32(block.timestamp));
        rc.disableRoot(0);
        vm.assertEq(rc.getCurrentClaimableDistributionRoot().root, bytes32(0));
        vm.expectRevert(IRewardsCoordinator.RootDisabled.selector);
        rc.disableRoot(0);
    }

    function test_Split_of_an_operator() external {
        vm.assertEq(rc.getOperatorSetSplit(operator, _set(1)), 1_000);
        vm.startPrank(operator);
        rc.setOperatorSetSplit(operator, _set(1), 2_500);
        vm.assertEq(rc.getOperatorSetSplit(operator, _set(1)), 1_000);
        vm.expectRevert(IRewardsCoordinator.PreviousSplitPending.selector);
        rc.setOperatorSetSplit(operator, _set(1), 1);
        vm.warp(block.timestamp + rc.activationDelay());
        vm.assertEq(rc.getOperatorSetSplit(operator, _set(1)), 2_500);
        vm.expectRevert(IRewardsCoordinator.SplitExceedsMax.selector);
        rc.setOperatorSetSplit(operator, _set(1), 10_001);
    }

    /// @dev Submits a root with `earner` at index 1 of two, its token at index 0 of two.
    function _claim(uint256 cumulative) private returns (IRewardsCoordinator.RewardsMerkleClaim memory claim) {
        claim.tokenLeaves = new IRewardsCoordinator.TokenTreeMerkleLeaf[](1);
        claim.tokenLeaves[0] = IRewardsCoordinator.TokenTreeMerkleLeaf(address(token), cumulative);
        claim.tokenIndices = new uint32[](1);
        claim.tokenTreeProofs = new bytes[](1);
        bytes32 otherToken = rc.calculateTokenLeafHash(IRewardsCoordinator.TokenTreeMerkleLeaf(address(0x70), 9));
        claim.tokenTreeProofs[0] = abi.encode(otherToken);
        bytes32 tokenRoot = keccak256(abi.encode(rc.calculateTokenLeafHash(claim.tokenLeaves[0]), otherToken));
        claim.earnerLeaf = IRewardsCoordinator.EarnerTreeMerkleLeaf(earner, tokenRoot);
        claim.earnerIndex = 1;
        bytes32 other =
            rc.calculateEarnerLeafHash(IRewardsCoordinator.EarnerTreeMerkleLeaf(address(0x08), bytes32(uint256(5))));
        claim.earnerTreeProof = abi.encode(other);
        claim.rootIndex = uint32(rc.getDistributionRootsLength());
        bytes32 root = keccak256(abi.encode(other, rc.calculateEarnerLeafHash(claim.earnerLeaf)));
        vm.prank(UPDATER);
        rc.submitRoot(root, uint32(block.timestamp) - 1);
    }

    function _refused(IRewardsCoordinator.RewardsMerkleClaim memory claim, bytes4 reason) private {
        vm.prank(claim.earnerLeaf.earner);
        vm.expectRevert(reason);
        rc.processClaim(claim, earner);
    }
}
