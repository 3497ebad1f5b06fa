// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Initializable} from "@openzeppelin/proxy/utils/Initializable.sol";
import {IERC20} from "@openzeppelin/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/token/ERC20/utils/SafeERC20.sol";
import {IRewardsCoordinator} from "../restaking/interfaces/IRewardsCoordinator.sol";
import {IMachRegistrar} from "./interfaces/IMachRegistrar.sol";
import {IMachRewards} from "./interfaces/IMachRewards.sol";
import {IMachVerifier} from "./interfaces/IMachVerifier.sol";
import {IOperatorTable} from "./interfaces/IOperatorTable.sol";
import {MachMessage} from "./libraries/MachMessage.sol";

/// @title MachRewards
contract MachRewards is IMachRewards, Initializable {
    using SafeERC20 for IERC20;

    bytes32 private constant REPORT_TYPEHASH =
        keccak256("Report(uint64 firstEpoch,uint64 lastEpoch,bytes32 sharesHash)");

    IRewardsCoordinator public immutable rewardsCoordinator;

    IMachRegistrar public registrar;
    IOperatorTable public table;
    IMachVerifier public verifier;
    address public token;
    uint64 public nextEpoch;
    uint256 public ratePerEpoch;

    constructor(address rewardsCoordinator_) {
        rewardsCoordinator = IRewardsCoordinator(rewardsCoordinator_);
        _disableInitializers();
    }

    /// @notice Called by the factory in the transaction that makes the clone.
    function initialize(address registrar_, address table_, address verifier_, address token_, uint256 rate)
        external
        initializer
    {
        (registrar, table) = (IMachRegistrar(registrar_), IOperatorTable(table_));
        (verifier, token, ratePerEpoch) = (IMachVerifier(verifier_), token_, rate);
    }

    /// @inheritdoc IMachRewards
    function submit(Report calldata report, ReportProof calldata proof) external returns (uint256 amount) {
        bool next = report.firstEpoch == nextEpoch && report.lastEpoch >= report.firstEpoch
            && table.epochBlock(report.lastEpoch + 1) < block.number;
        if (!next) revert WrongEpochs(report.firstEpoch, report.lastEpoch);
        if (proof.table.epoch != report.lastEpoch) revert WrongTableEpoch(proof.table.epoch);
        uint256[] memory signed = verifier.verifyAggregate(
            digestOf(report), proof.table, proof.signature, proof.aggregateKey, proof.absent
        );
        verifier.requireThreshold(signed, proof.table.total);

        nextEpoch = report.lastEpoch + 1;
        uint256 balance = IERC20(token).balanceOf(address(this));
        uint256 due = ratePerEpoch * (report.lastEpoch - report.firstEpoch + 1);
        IRewardsCoordinator.OperatorDirectedRewardsSubmission memory submission;
        (submission, amount) = _submission(report, due < balance ? due : balance);
        emit Reported(report.firstEpoch, report.lastEpoch, amount);

        IERC20(token).safeTransfer(address(registrar), amount);
        registrar.submitRewards(submission, amount);
    }

    /// @inheritdoc IMachRewards
    function fund(uint256 amount) external {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        if (IERC20(token).balanceOf(address(this)) - before != amount) revert TransferAmountMismatch();
        emit Funded(msg.sender, amount);
    }

    /// @inheritdoc IMachRewards
    function digestOf(Report calldata report) public view returns (bytes32) {
        bytes32 sharesHash = keccak256(abi.encode(report.operators, report.points));
        bytes32 structHash =
            keccak256(abi.encode(REPORT_TYPEHASH, report.firstEpoch, report.lastEpoch, sharesHash));
        return MachMessage.typed(structHash, verifier.domainSeparator());
    }

    /// @dev Over the core's last whole interval: its submissions are for times that are over and aligned.
    function _submission(Report calldata report, uint256 budget)
        private
        view
        returns (IRewardsCoordinator.OperatorDirectedRewardsSubmission memory submission, uint256 amount)
    {
        uint256 count = report.operators.length;
        if (count == 0 || report.points.length != count) revert BadShares();
        uint256 sum;
        for (uint256 i; i < count; ++i) {
            bool ascending = i == 0 || report.operators[i] > report.operators[i - 1];
            if (!ascending || report.points[i] == 0 || report.points[i] > type(uint64).max) revert BadShares();
            sum += report.points[i];
        }
        submission.operatorRewards = new IRewardsCoordinator.OperatorReward[](count);
        for (uint256 i; i < count; ++i) {
            uint256 share = budget * report.points[i] / sum;
            if (share == 0) revert NothingToPay();
            submission.operatorRewards[i] = IRewardsCoordinator.OperatorReward(report.operators[i], share);
            amount += share;
        }
        submission.strategiesAndMultipliers = _strategies();
        uint32 interval = rewardsCoordinator.CALCULATION_INTERVAL_SECONDS();
        submission.token = token;
        submission.startTimestamp = uint32((block.timestamp - 1) / interval * interval) - interval;
        submission.duration = interval;
        submission.description = "MACH";
    }

    /// @dev Whose stakers share. Not those of a retired strategy: what the core takes no more would hold all pay back.
    function _strategies() private view returns (IRewardsCoordinator.StrategyAndMultiplier[] memory list) {
        IOperatorTable.StrategyWeight[] memory all = table.strategies();
        uint256 count;
        for (uint256 i; i < all.length; ++i) if (all[i].multiplier != 0) ++count;
        list = new IRewardsCoordinator.StrategyAndMultiplier[](count);
        for (uint256 i = all.length; i > 0; --i) {
            IOperatorTable.StrategyWeight memory each = all[i - 1];
            if (each.multiplier == 0) continue;
            list[--count] = IRewardsCoordinator.StrategyAndMultiplier(each.strategy, each.multiplier);
        }
    }
}
