// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {BN254} from "../../restaking/libraries/BN254.sol";
import {Certificate, Message, TableEntry, TableHeader} from "./IMachTypes.sol";

/// @title IMachVerifier
/// @notice Checks certificates of one service. Rules: docs/spec/mach.md, section 7.
/// @dev    A valid certificate says that operators with more than two thirds of the weight of every asset class signed
///         the message, each with stake that a contradiction costs it. WARNING: it is no identifier, since dropping a
///         signer gives another valid one; and what the L1 derives wins over it.
interface IMachVerifier {
    error MalformedMessage();
    /// @notice The message's epoch is not that of its L1 origin.
    error WrongEpoch(uint64 epoch, uint64 expected);
    /// @notice The table is not the one committed for the epoch, or none is.
    error WrongTable(uint64 epoch);
    error CertificateTooOld(uint64 epoch, uint256 lastBlock);
    /// @notice Too little weight signed in a class.
    error BelowThreshold(uint256 class, uint256 signed, uint256 total);
    error InvalidSignature();
    /// @notice Absent operators are not in strictly ascending order of their index, or outside of the table.
    error AbsentOutOfOrder(uint32 index);
    /// @notice An absent operator is not in the table at its index.
    error NotInTable(uint32 index);
    error ThresholdCannotFall(uint256 numerator, uint256 denominator);

    /// @notice More than `numerator / denominator` of the weight has to sign from now on.
    event ThresholdRaised(uint256 numerator, uint256 denominator);

    /// @notice Checks a certificate. Reverts with what is wrong with it.
    /// @return digest What was signed.
    function verify(Certificate calldata certificate) external view returns (bytes32 digest);

    /// @notice Checks that all operators of an epoch's table but the absent ones signed `digest`, whatever their
    ///         weight and age.
    /// @return signed Their weight, by class.
    function verifyAggregate(
        bytes32 digest,
        TableHeader calldata table,
        BN254.G1Point calldata signature,
        BN254.G2Point calldata aggregateKey,
        TableEntry[] calldata absent
    ) external view returns (uint256[] memory signed);

    /// @notice Reverts unless `signed` passes the threshold in every class.
    function requireThreshold(uint256[] calldata signed, uint256[] calldata total) external view;

    /// @notice Raises the threshold. Only the registrar.
    function raiseThreshold(uint256 numerator, uint256 denominator) external;

    /// @notice What is signed for `message`.
    function digestOf(Message calldata message) external view returns (bytes32);

    function domainSeparator() external view returns (bytes32);

    function threshold() external view returns (uint256 numerator, uint256 denominator);
}
