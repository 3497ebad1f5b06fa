// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {IDelegationManager} from "src/restaking/interfaces/IDelegationManager.sol";
import {IKeyRegistrar} from "src/restaking/interfaces/IKeyRegistrar.sol";
import {IRewardsCoordinator} from "src/restaking/interfaces/IRewardsCoordinator.sol";
import {BN254} from "src/restaking/libraries/BN254.sol";
import {Core, TestRegistrar} from "../Core.sol";

/// @notice What services lean on, asked of whichever core stands behind the addresses: our own, or with RESTAKING_CORE
///         and --fork-url EigenLayer's (see contracts/README.md). Delays are read from it.
contract CompatibilityTest is Core {
    address private recipient = address(0x4EC1);

    function setUp() public override {
        super.setUp();
        _loadKeys();
        _registerOperator(operator, 3);
        _deposit(operator, 1000);
    }

    /// @dev Sets 1 (redistributing) and 2 (burning), the operator in both.
    function _twoSets() private {
        _announce();
        _createSet(1, recipient);
        _createSet(2, address(0));
        _join(operator, 1);
        _join(operator, 2);
    }

    function test_Metadata_comes_before_sets() external {
        IAllocationManager.CreateSetParamsV2[] memory params = new IAllocationManager.CreateSetParamsV2[](1);
        params[0] = IAllocationManager.CreateSetParamsV2(1, _one(strategy), address(this));
        vm.prank(avs);
        vm.expectRevert(IAllocationManager.NonexistentAVSMetadata.selector);
        am.createOperatorSets(avs, params);
    }

    function test_Both_forms_of_createOperatorSets() external {
        _announce();
        _createSet(1, address(0));
        vm.assertEq(am.getSlasher(_set(1)), address(this));
        IAllocationManager.CreateSetParams[] memory old = new IAllocationManager.CreateSetParams[](1);
        old[0] = IAllocationManager.CreateSetParams(2, _one(strategy));
        vm.prank(avs);
        am.createOperatorSets(avs, old);
        vm.assertEq(am.getSlasher(_set(2)), avs);
        vm.assertEq(am.getOperatorSetCount(avs), 2);
        vm.assertTrue(am.isOperatorSet(_set(2)));
    }

    function test_Same_set_id_again_is_refused() external {
        _announce();
        _createSet(1, address(0));
        IAllocationManager.CreateSetParamsV2[] memory params = new IAllocationManager.CreateSetParamsV2[](1);
        params[0] = IAllocationManager.CreateSetParamsV2(1, _one(strategy), address(this));
        vm.prank(avs);
        vm.expectRevert(IAllocationManager.InvalidOperatorSet.selector);
        am.createOperatorSets(avs, params);
    }

    function test_Second_pending_change_is_refused() external {
        _twoSets();
        _allocate(operator, 1, 0.5e18);
        vm.prank(operator);
        vm.expectRevert(IAllocationManager.ModificationAlreadyPending.selector);
        am.modifyAllocations(operator, _allocation(1, strategy, 0.6e18));
    }

    function test_Stake_is_slashable_only_after_the_operators_delay() external {
        _twoSets();
        _allocate(operator, 1, 0.5e18);
        vm.assertEq(_slashable(operator, 1, block.number + 10), 0);
        _mine(2);
        vm.assertEq(_slashable(operator, 1, block.number + 10), 0);
        _mine(1);
        vm.assertEq(_slashable(operator, 1, block.number + 10), 500);
    }

    function test_Only_the_slasher_slashes() external {
        _twoSets();
        _allocate(operator, 1, 0.5e18);
        _mine(3);
        IAllocationManager.SlashingParams memory params = _slashing(operator, 1, 1e18);
        vm.prank(avs);
        vm.expectRevert(IAllocationManager.InvalidCaller.selector);
        am.slashOperator(avs, params);
        am.slashOperator(avs, params);
        vm.assertEq(_slashable(operator, 1, block.number + 10), 0);
    }

    function test_Admins_and_appointees_cannot_slash() external {
        _twoSets();
        _allocate(operator, 1, 0.5e18);
        _mine(3);
        address admin = address(0xAD);
        address appointee = address(0xAE);
        vm.prank(avs);
        pc.setAppointee(avs, appointee, address(am), IAllocationManager.slashOperator.selector);
        vm.prank(avs);
        pc.addPendingAdmin(avs, admin);
        vm.prank(admin);
        pc.acceptAdmin(avs);
        IAllocationManager.SlashingParams memory params = _slashing(operator, 1, 1e18);
        vm.prank(admin);
        vm.expectRevert(IAllocationManager.InvalidCaller.selector);
        am.slashOperator(avs, params);
        vm.prank(appointee);
        vm.expectRevert(IAllocationManager.InvalidCaller.selector);
        am.slashOperator(avs, params);
    }

    function test_First_admin_replaces_the_account_itself() external {
        vm.prank(avs);
        pc.addPendingAdmin(avs, address(0xAD));
        vm.prank(address(0xAD));
        pc.acceptAdmin(avs);
        vm.prank(avs);
        vm.expectRevert(IAllocationManager.InvalidPermissions.selector);
        am.updateAVSMetadataURI(avs, "x");
        vm.prank(address(0xAD));
        am.updateAVSMetadataURI(avs, "x");
    }

    /// @dev The run measured on EigenLayer's core v1.12.0, to the wei.
    function test_Worked_example_of_slashing() external {
        _twoSets();
        _allocate(operator, 1, 0.5e18);
        _allocate(operator, 2, 0.25e18);
        _mine(3);
        (uint256 id, uint256 shares) = _slash(operator, 1, 0.5e18);
        vm.assertEq(id, 1);
        vm.assertEq(shares, 250);
        vm.assertEq(am.getMaxMagnitude(operator, strategy), 0.75e18);
        vm.assertEq(dm.operatorShares(operator, strategy), 750);

        IDelegationManager.Withdrawal memory withdrawal = _queue(operator, 400);
        vm.assertEq(dm.operatorShares(operator, strategy), 450);
        vm.assertEq(dm.getSlashableSharesInQueue(operator, strategy), 300);

        (, shares) = _slash(operator, 2, 1e18);
        vm.assertEq(shares, 250);
        vm.assertEq(am.getMaxMagnitude(operator, strategy), 0.5e18);
        vm.assertEq(dm.operatorShares(operator, strategy), 300);

        _mine(dm.minWithdrawalDelayBlocks() + 1);
        vm.prank(operator);
        dm.completeQueuedWithdrawal(withdrawal, _one(address(token)), true);
        vm.assertEq(token.balanceOf(operator), 200);
    }

    function test_Redistributed_amount_reaches_the_recipient() external {
        _twoSets();
        _allocate(operator, 1, 0.5e18);
        _mine(3);
        (uint256 id, uint256 shares) = _slash(operator, 1, 1e18);
        vm.assertEq(shares, 500);
        if (_resolutionDelay() > 0) _mine(_resolutionDelay() + 1);
        sm.clearBurnOrRedistributableShares(_set(1), id);
        vm.assertEq(token.balanceOf(recipient), 500);
    }

    function test_Withdrawal_waits_for_the_delay_and_its_staker() external {
        IDelegationManager.Withdrawal memory withdrawal = _queue(operator, 400);
        _mine(dm.minWithdrawalDelayBlocks());
        vm.prank(operator);
        vm.expectRevert(IDelegationManager.WithdrawalDelayNotElapsed.selector);
        dm.completeQueuedWithdrawal(withdrawal, _one(address(token)), true);
        _mine(1);
        vm.expectRevert(IDelegationManager.WithdrawerNotCaller.selector);
        dm.completeQueuedWithdrawal(withdrawal, _one(address(token)), true);
        vm.prank(operator);
        dm.completeQueuedWithdrawal(withdrawal, _one(address(token)), true);
        vm.assertEq(token.balanceOf(operator), 400);
    }

    function test_Reverting_registrar_keeps_operators_from_leaving() external {
        _twoSets();
        registrar.setRefuses(true);
        vm.prank(operator);
        vm.expectRevert();
        am.deregisterFromOperatorSets(IAllocationManager.DeregisterParams(operator, avs, _ids(1)));
        registrar.setRefuses(false);
        _leave(operator, 1);
        vm.assertFalse(am.isMemberOfOperatorSet(operator, _set(1)));
    }

    function test_Ejected_operator_cannot_come_back_within_the_window() external {
        _twoSets();
        vm.prank(avs);
        am.deregisterFromOperatorSets(IAllocationManager.DeregisterParams(operator, avs, _ids(1)));
        vm.prank(operator);
        vm.expectRevert(IAllocationManager.AlreadyMemberOfSet.selector);
        am.registerForOperatorSets(operator, IAllocationManager.RegisterParams(avs, _ids(1), ""));
        _mine(am.DEALLOCATION_DELAY() + 1);
        _join(operator, 1);
    }

    function test_Slash_after_leaving_within_the_window() external {
        _twoSets();
        _allocate(operator, 1, 0.5e18);
        _mine(3);
        _leave(operator, 1);
        _mine(am.DEALLOCATION_DELAY());
        (, uint256 shares) = _slash(operator, 1, 0.5e18);
        vm.assertEq(shares, 250);
        _mine(1);
        IAllocationManager.SlashingParams memory params = _slashing(operator, 1, 0.5e18);
        vm.expectRevert(IAllocationManager.OperatorNotSlashable.selector);
        am.slashOperator(avs, params);
    }

    function test_Key_stays_while_slashable() external {
        _twoSets();
        vm.prank(avs);
        kr.configureOperatorSet(_set(1), IKeyRegistrar.CurveType.BN254);
        bytes memory keyData = kr.encodeBN254KeyData(_g1Key(0), _g2Key(0));
        BN254.G1Point memory proof =
            _signBN254(0, kr.getBN254KeyRegistrationMessageHash(operator, _set(1), keyData));
        vm.prank(operator);
        kr.registerKey(operator, _set(1), keyData, abi.encode(proof));
        vm.assertTrue(kr.isRegistered(_set(1), operator));

        _leave(operator, 1);
        vm.prank(operator);
        vm.expectRevert();
        kr.deregisterKey(operator, _set(1));
        _mine(am.DEALLOCATION_DELAY() + 1);
        vm.prank(operator);
        kr.deregisterKey(operator, _set(1));
        vm.assertFalse(kr.isRegistered(_set(1), operator));
        vm.prank(operator);
        vm.expectRevert(IKeyRegistrar.KeyAlreadyRegistered.selector);
        kr.registerKey(operator, _set(1), keyData, abi.encode(proof));
    }

    function test_Rewards_for_a_set_and_a_claim_of_one_leaf() external {
        _twoSets();
        uint32 interval = rc.CALCULATION_INTERVAL_SECONDS();
        uint32 start = uint32(block.timestamp / interval * interval) - 2 * interval;
        IRewardsCoordinator.OperatorDirectedRewardsSubmission[] memory submissions =
            new IRewardsCoordinator.OperatorDirectedRewardsSubmission[](1);
        submissions[0].strategiesAndMultipliers = new IRewardsCoordinator.StrategyAndMultiplier[](1);
        submissions[0].strategiesAndMultipliers[0] = IRewardsCoordinator.StrategyAndMultiplier(strategy, 1e18);
        submissions[0].token = address(token);
        submissions[0].operatorRewards = new IRewardsCoordinator.OperatorReward[](1);
        submissions[0].operatorRewards[0] = IRewardsCoordinator.OperatorReward(operator, 77);
        (submissions[0].startTimestamp, submissions[0].duration) = (start, interval);
        token.mint(avs, 77);
        vm.startPrank(avs);
        token.approve(address(rc), 77);
        rc.createOperatorDirectedOperatorSetRewardsSubmission(_set(1), submissions);
        vm.stopPrank();
        vm.assertEq(token.balanceOf(address(rc)), 77);

        IRewardsCoordinator.RewardsMerkleClaim memory claim;
        claim.tokenLeaves = new IRewardsCoordinator.TokenTreeMerkleLeaf[](1);
        claim.tokenLeaves[0] = IRewardsCoordinator.TokenTreeMerkleLeaf(address(token), 77);
        claim.tokenIndices = new uint32[](1);
        claim.tokenTreeProofs = new bytes[](1);
        claim.earnerLeaf =
            IRewardsCoordinator.EarnerTreeMerkleLeaf(operator, rc.calculateTokenLeafHash(claim.tokenLeaves[0]));
        claim.rootIndex = uint32(rc.getDistributionRootsLength());
        bytes32 root = rc.calculateEarnerLeafHash(claim.earnerLeaf);
        vm.prank(rc.rewardsUpdater());
        rc.submitRoot(root, start + interval);
        vm.warp(block.timestamp + rc.activationDelay());
        vm.prank(operator);
        rc.processClaim(claim, address(0xB0B));
        vm.assertEq(token.balanceOf(address(0xB0B)), 77);
    }

    function _resolutionDelay() private view returns (uint32) {
        try sm.SLASH_RESOLUTION_DELAY_BLOCKS() returns (uint32 delay) {
            return delay;
        } catch {
            return 0;
        }
    }
}
