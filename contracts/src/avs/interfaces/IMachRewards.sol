// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {BN254} from "../../restaking/libraries/BN254.sol";
import {TableEntry, TableHeader} from "./IMachTypes.sol";

/// @title IMachRewards
/// @notice Pays operators per epoch by their certified participation, through the core's RewardsCoordinator.
/// @dev    An aggregator chooses whose late signature stands in a certificate, so certificates pay nobody. Operators
///         count what they saw signed, late signatures included, and certify one report of it as they certify a
///         block: EIP-712 `Report(uint64 firstEpoch,uint64 lastEpoch,bytes32 sharesHash)` under the service's domain.
interface IMachRewards {
    /// @param firstEpoch Follows the last report's `lastEpoch`.
    /// @param operators  Strictly ascending.
    /// @param points     Participation, above zero, in a unit of the report's own.
    struct Report {
        uint64 firstEpoch;
        uint64 lastEpoch;
        address[] operators;
        uint256[] points;
    }

    struct ReportProof {
        TableHeader table;
        BN254.G1Point signature;
        BN254.G2Point aggregateKey;
        TableEntry[] absent;
    }

    event Funded(address indexed by, uint256 amount);
    event Reported(uint64 indexed firstEpoch, uint64 indexed lastEpoch, uint256 amount);

    error WrongEpochs(uint64 firstEpoch, uint64 lastEpoch);
    /// @notice The report is certified by another epoch's table than its last one's.
    error WrongTableEpoch(uint64 epoch);
    error BadShares();
    error NothingToPay();
    error TransferAmountMismatch();

    /// @notice Pays a certified report: `ratePerEpoch` for each of its epochs, as far as the fund goes. Anybody.
    function submit(Report calldata report, ReportProof calldata proof) external returns (uint256 amount);

    /// @notice Adds to the fund, which pays reports and nothing else.
    function fund(uint256 amount) external;

    /// @notice What is signed for a report.
    function digestOf(Report calldata report) external view returns (bytes32);

    function nextEpoch() external view returns (uint64);

    function token() external view returns (address);

    function ratePerEpoch() external view returns (uint256);
}
