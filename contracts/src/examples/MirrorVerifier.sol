// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Certificate, Message} from "../avs/interfaces/IMachTypes.sol";
import {IMachVerifier} from "../avs/interfaces/IMachVerifier.sol";
import {MachMessage} from "../avs/libraries/MachMessage.sol";
import {Quorum} from "../avs/libraries/Quorum.sol";
import {BN254} from "../restaking/libraries/BN254.sol";
import {ICrossDomainMessenger} from "./TableCourier.sol";

/// @notice What is asked of the OP Stack's predeploy.
interface IL1Block {
    function number() external view returns (uint64);
}

/// @title MirrorVerifier
/// @notice Checks certificates of a MACH service on an OP-Stack rollup: the certified one, or another on the same L1.
///         `verify` is that of IMachVerifier, for contracts that take either.
/// @dev    Tables come from the L1 as deposits, from a TableCourier, and are trusted as deposits are; `verify` refuses
///         an epoch that has not arrived. The L1's block number is that of the L1Block predeploy: it lags the L1 by the
///         distance that the sequencer keeps, so a certificate is accepted that much longer than on L1. A raised
///         threshold is seen with the next table.
contract MirrorVerifier {
    /// @notice Of the service, as the L1's contracts have it; fixed there too.
    struct Service {
        uint256 l1ChainId;
        address registrar;
        bytes32 rollupId;
        uint64 startBlock;
        uint64 k;
        uint64 epochLength;
        uint64 certificateAge;
    }

    ICrossDomainMessenger public constant MESSENGER =
        ICrossDomainMessenger(0x4200000000000000000000000000000000000007);
    IL1Block public constant L1_BLOCK = IL1Block(0x4200000000000000000000000000000000000015);

    /// @notice The TableCourier on L1.
    address public immutable courier;
    Service public service;
    mapping(uint64 epoch => bytes32) public commitments;
    uint128 public numerator = 2;
    uint128 public denominator = 3;

    event TableMirrored(uint64 indexed epoch, bytes32 commitment);

    error OnlyCourier();

    constructor(address courier_, Service memory service_) {
        (courier, service) = (courier_, service_);
    }

    /// @notice Takes an epoch's commitment and the threshold. Only from the courier, through the messenger.
    function mirrorTable(uint64 epoch, bytes32 commitment, uint128 numerator_, uint128 denominator_) external {
        if (msg.sender != address(MESSENGER) || MESSENGER.xDomainMessageSender() != courier) revert OnlyCourier();
        commitments[epoch] = commitment;
        // Messages may arrive out of order; a threshold only ever rises.
        if (uint256(numerator_) * denominator > uint256(denominator_) * numerator) {
            (numerator, denominator) = (numerator_, denominator_);
        }
        emit TableMirrored(epoch, commitment);
    }

    /// @notice Checks a certificate. Reverts with IMachVerifier's errors.
    /// @return digest What was signed.
    function verify(Certificate calldata certificate) external view returns (bytes32 digest) {
        Message memory message = certificate.message;
        Service memory s = service;
        (uint64 epoch, uint64 origin) = (message.base.epoch, message.core.originNumber);
        if (!MachMessage.isWellFormed(message) || origin < s.startBlock) revert IMachVerifier.MalformedMessage();
        uint64 first = s.startBlock + s.k;
        uint64 expected = origin < first ? 0 : (origin - first) / s.epochLength;
        if (epoch != expected) revert IMachVerifier.WrongEpoch(epoch, expected);
        Quorum.checkTable(certificate.table, epoch, commitments[epoch]);
        uint256 last = uint256(s.startBlock) + uint256(epoch) * s.epochLength + s.certificateAge;
        if (L1_BLOCK.number() > last) revert IMachVerifier.CertificateTooOld(epoch, last);
        (BN254.G1Point memory apk, uint256[] memory signed) = Quorum.signers(certificate.table, certificate.absent);
        Quorum.checkThreshold(signed, certificate.table.total, numerator, denominator);
        digest = MachMessage.digest(message, MachMessage.domainSeparator(s.l1ChainId, s.registrar, 0, s.rollupId));
        if (!BN254.verifyAggregate(digest, apk, certificate.aggregateKey, certificate.signature)) {
            revert IMachVerifier.InvalidSignature();
        }
    }
}
