// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAvsFactory} from "src/avs/interfaces/IAvsFactory.sol";
import {IMachRegistrar} from "src/avs/interfaces/IMachRegistrar.sol";
import {IMachRewards} from "src/avs/interfaces/IMachRewards.sol";
import {IMachVerifier} from "src/avs/interfaces/IMachVerifier.sol";
import {TableEntry} from "src/avs/interfaces/IMachTypes.sol";
import {IRewardsCoordinator} from "src/restaking/interfaces/IRewardsCoordinator.sol";
import {FeeToken} from "../Tokens.sol";
import {Mach} from "../Mach.sol";

contract MachRewardsTest is Mach {
    uint256 private constant N = 4;

    function setUp() public override {
        super.setUp();
        _startWith(N);
        alt.approve(address(rewards), 1000e18);
        rewards.fund(1000e18);
        while (header.epoch < 3) _nextEpoch();
        _mine(EPOCH + 1);
    }

    function _report(uint64 first, uint64 last) private pure returns (IMachRewards.Report memory report) {
        (report.firstEpoch, report.lastEpoch) = (first, last);
        (report.operators, report.points) = (new address[](N), new uint256[](N));
        for (uint256 i; i < N; ++i) (report.operators[i], report.points[i]) = (_operatorAt(i), i + 1);
    }

    function _proof(IMachRewards.Report memory report, uint256 signers)
        private
        view
        returns (IMachRewards.ReportProof memory proof)
    {
        uint256[] memory who = new uint256[](signers);
        for (uint256 i; i < signers; ++i) who[i] = i;
        proof.table = header;
        proof.signature = _signBN254(who, rewards.digestOf(report));
        proof.aggregateKey = _sumG2(who);
        proof.absent = new TableEntry[](N - signers);
        for (uint256 i = signers; i < N; ++i) proof.absent[i - signers] = _entry(i);
    }

    function test_Certified_report_pays_by_points() external {
        IMachRewards.Report memory report = _report(0, 3);
        uint256 amount = rewards.submit(report, _proof(report, 3));
        vm.assertEq(amount, 40e18);
        vm.assertEq(alt.balanceOf(address(rc)), 40e18);
        vm.assertEq(rewards.nextEpoch(), 4);
        IMachRewards.ReportProof memory proof = _proof(report, 3);
        vm.expectRevert(abi.encodeWithSelector(IMachRewards.WrongEpochs.selector, 0, 3));
        rewards.submit(report, proof);
    }

    /// @dev An aggregator that leaves out late signatures, or inflates its own points, has no quorum for that.
    function test_Attack_report_without_a_quorum() external {
        IMachRewards.Report memory report = _report(0, 3);
        IMachRewards.ReportProof memory proof = _proof(report, 2);
        vm.expectRevert(abi.encodeWithSelector(IMachVerifier.BelowThreshold.selector, 0, 2 * STAKE, 4 * STAKE));
        rewards.submit(report, proof);
        proof = _proof(report, 3);
        report.points[0] = 1000;
        vm.expectRevert(IMachVerifier.InvalidSignature.selector);
        rewards.submit(report, proof);
    }

    function test_Attack_report_of_another_epochs_table_or_of_the_future() external {
        IMachRewards.Report memory report = _report(0, 2);
        IMachRewards.ReportProof memory proof = _proof(report, 4);
        vm.expectRevert(abi.encodeWithSelector(IMachRewards.WrongTableEpoch.selector, 3));
        rewards.submit(report, proof);
        report = _report(0, 30);
        proof = _proof(report, 4);
        vm.expectRevert(abi.encodeWithSelector(IMachRewards.WrongEpochs.selector, 0, 30));
        rewards.submit(report, proof);
    }

    /// @dev A gap or an overlap would let a few take others' epochs.
    function test_Attack_griefing_rewards_by_skipping_epochs() external {
        IMachRewards.Report memory report = _report(1, 3);
        IMachRewards.ReportProof memory proof = _proof(report, 4);
        vm.expectRevert(abi.encodeWithSelector(IMachRewards.WrongEpochs.selector, 1, 3));
        rewards.submit(report, proof);
    }

    function test_Pays_no_more_than_the_fund() external {
        vm.prank(address(rewards));
        alt.transfer(address(this), 990e18);
        IMachRewards.Report memory report = _report(0, 3);
        vm.assertEq(rewards.submit(report, _proof(report, 4)), 10e18);
    }

    /// @dev EigenLayer may take a token out: the core then takes no rewards for its strategy, and the timelock retires it.
    function test_Retired_strategy_does_not_hold_pay_back() external {
        if (!ours) return;
        address[] memory tokens = new address[](1);
        tokens[0] = address(alt);
        factory.blacklistTokens(tokens);
        IMachRewards.Report memory report = _report(0, 3);
        IMachRewards.ReportProof memory proof = _proof(report, 4);
        vm.expectRevert(IRewardsCoordinator.StrategyNotWhitelisted.selector);
        rewards.submit(report, proof);
        vm.prank(address(timelock));
        mach.retireStrategy(altStrategy);
        vm.assertEq(rewards.submit(report, proof), 40e18);
    }

    function test_Only_the_rewards_contract_submits() external {
        IRewardsCoordinator.OperatorDirectedRewardsSubmission memory none;
        vm.expectRevert(IMachRegistrar.OnlyRewards.selector);
        mach.submitRewards(none, 1);
    }

    function test_Attack_fee_on_transfer_token_in_the_fund() external {
        FeeToken fee = new FeeToken();
        IMachRewards fees = IMachRewards(_feeSuite(address(fee)));
        fee.mint(address(this), 100);
        fee.approve(address(fees), 100);
        vm.expectRevert(IMachRewards.TransferAmountMismatch.selector);
        fees.fund(100);
    }

    function _feeSuite(address token_) private returns (address) {
        IAvsFactory.CreateParams memory params = _params();
        params.mach.rewardToken = token_;
        return _another(params, "fee").rewards;
    }
}
