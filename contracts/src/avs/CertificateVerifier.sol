// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Initializable} from "@openzeppelin/proxy/utils/Initializable.sol";
import {BN254} from "../restaking/libraries/BN254.sol";
import {Certificate, Message, TableEntry, TableHeader} from "./interfaces/IMachTypes.sol";
import {IMachVerifier} from "./interfaces/IMachVerifier.sol";
import {IOperatorTable} from "./interfaces/IOperatorTable.sol";
import {MachMessage} from "./libraries/MachMessage.sol";
import {Quorum} from "./libraries/Quorum.sol";

/// @title CertificateVerifier
contract CertificateVerifier is IMachVerifier, Initializable {
    IOperatorTable public operatorTable;
    address public registrar;
    bytes32 private _rollupId;
    uint128 private _numerator;
    uint128 private _denominator;
    uint256 private _certificateAge;

    constructor() {
        _disableInitializers();
    }

    /// @notice Called by the factory in the transaction that makes the clone.
    function initialize(address registrar_, address table_, bytes32 rollupId) external initializer {
        (registrar, operatorTable) = (registrar_, IOperatorTable(table_));
        _rollupId = rollupId;
        (_numerator, _denominator) = (2, 3);
        _certificateAge = operatorTable.windows().certificateAge;
    }

    /// @inheritdoc IMachVerifier
    function verify(Certificate calldata certificate) external view returns (bytes32 digest) {
        Message memory message = certificate.message;
        if (!MachMessage.isWellFormed(message)) revert MalformedMessage();
        uint64 epoch = message.base.epoch;
        (bytes32 commitment, uint256 epochBlock, uint64 originEpoch) =
            operatorTable.lookup(epoch, message.core.originNumber);
        if (epoch != originEpoch) revert WrongEpoch(epoch, originEpoch);
        // An epoch's origins lie above its block, but for epoch 0's: of those only the ones from the start on count.
        if (message.core.originNumber < epochBlock) revert MalformedMessage();
        Quorum.checkTable(certificate.table, epoch, commitment);
        if (block.number > epochBlock + _certificateAge) {
            revert CertificateTooOld(epoch, epochBlock + _certificateAge);
        }
        (BN254.G1Point memory apk, uint256[] memory signed) = Quorum.signers(certificate.table, certificate.absent);
        requireThreshold(signed, certificate.table.total);
        digest = MachMessage.digest(message, domainSeparator());
        if (!BN254.verifyAggregate(digest, apk, certificate.aggregateKey, certificate.signature)) {
            revert InvalidSignature();
        }
    }

    /// @inheritdoc IMachVerifier
    function verifyAggregate(
        bytes32 digest,
        TableHeader calldata header,
        BN254.G1Point calldata signature,
        BN254.G2Point calldata aggregateKey,
        TableEntry[] calldata absent
    ) external view returns (uint256[] memory signed) {
        Quorum.checkTable(header, header.epoch, operatorTable.commitments(header.epoch));
        BN254.G1Point memory apk;
        (apk, signed) = Quorum.signers(header, absent);
        if (!BN254.verifyAggregate(digest, apk, aggregateKey, signature)) revert InvalidSignature();
    }

    /// @inheritdoc IMachVerifier
    function requireThreshold(uint256[] memory signed, uint256[] memory total) public view {
        Quorum.checkThreshold(signed, total, _numerator, _denominator);
    }

    /// @inheritdoc IMachVerifier
    function raiseThreshold(uint256 numerator, uint256 denominator) external {
        if (msg.sender != registrar) revert IOperatorTable.OnlyRegistrar();
        bool valid = numerator < denominator && denominator <= type(uint64).max
            && numerator * _denominator > denominator * _numerator;
        if (!valid) revert ThresholdCannotFall(numerator, denominator);
        (_numerator, _denominator) = (uint128(numerator), uint128(denominator));
        emit ThresholdRaised(numerator, denominator);
    }

    /// @inheritdoc IMachVerifier
    function digestOf(Message calldata message) external view returns (bytes32) {
        return MachMessage.digest(message, domainSeparator());
    }

    /// @inheritdoc IMachVerifier
    /// @dev    Not stored: where the L1 forks and changes its id, certificates stay with theirs.
    function domainSeparator() public view returns (bytes32) {
        return MachMessage.domainSeparator(registrar, 0, _rollupId);
    }

    /// @inheritdoc IMachVerifier
    function threshold() external view returns (uint256, uint256) {
        return (_numerator, _denominator);
    }
}
