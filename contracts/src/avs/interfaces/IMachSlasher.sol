// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {BN254} from "../../restaking/libraries/BN254.sol";
import {Certificate, Contradiction, Message, TableEntry} from "./IMachTypes.sol";

/// @title IMachSlasher
/// @notice Takes evidence of contradictory signatures, and slashes. Anybody may prove, convict and slash; nobody may
///         stop or undo it. Rules: docs/spec/mach.md, section 6.
/// @dev    Three steps, so that a paused core delays only the last: a fault is *recorded*, operators are *convicted*
///         (jailed: out of the table at once, for good), and *slashed* and ejected when the core lets us.
interface IMachSlasher {
    /// @notice An operator with its places in both tables of a pair of certificates.
    struct PairSigner {
        TableEntry inFirst;
        TableEntry inSecond;
    }

    /// @notice What is kept, as a hash, of a pair of certificates.
    struct PairRecord {
        bytes32 firstRoot;
        bytes32 secondRoot;
        uint32 firstDepth;
        uint32 secondDepth;
        bytes firstAbsent;
        bytes secondAbsent;
    }

    event FaultRecorded(bytes32 indexed faultId, bytes32 firstDigest, bytes32 secondDigest);
    event PairRecorded(bytes32 indexed faultId, PairRecord record);
    event Convicted(address indexed operator, bytes32 indexed faultId);
    event Slashed(address indexed operator, bytes32 indexed faultId, uint256 slashId, uint256[] shares);
    /// @notice The core refused for now; slash again later.
    event SlashFailed(address indexed operator, bytes reason);
    /// @notice The core refused the ejection; the operator stays jailed.
    event EjectionFailed(address indexed operator, bytes reason);
    event BountyCommitted(bytes32 indexed commitment, address indexed by);
    event BountyClaimed(bytes32 indexed faultId, address indexed reporter, uint256 committedBlock);
    event BountyPaid(bytes32 indexed faultId, address indexed reporter, uint256 amount);
    event BountiesFunded(address indexed by, uint256 amount);

    error NotAFault();
    error EvidenceTooOld(uint256 lastBlock);
    error UnknownOperator(address operator);
    error InvalidSignature();
    error AlreadyRecorded(bytes32 faultId);
    error UnknownFault(bytes32 faultId);
    error WrongRecord(bytes32 faultId);
    error NotASigner(address operator);
    error NotCommittedInTime();
    error ClaimsOpenUntil(uint256 blockNumber);
    error ClaimsClosed(uint256 blockNumber);
    error NothingToPay();
    error TransferAmountMismatch();

    /// @notice Convicts one operator by two signatures of it.
    /// @param aggregateKey The operator's key in G2.
    /// @return faultId Names the fault, for bounties.
    function proveBySignatures(
        address operator,
        BN254.G2Point calldata aggregateKey,
        Message calldata first,
        BN254.G1Point calldata firstSignature,
        Message calldata second,
        BN254.G1Point calldata secondSignature,
        Contradiction calldata proof
    ) external returns (bytes32 faultId);

    /// @notice Records a pair of contradictory aggregates, of any weight. `convict` then takes who signed both.
    function proveByCertificates(
        Certificate calldata first,
        Certificate calldata second,
        Contradiction calldata proof
    ) external returns (bytes32 faultId);

    /// @notice Convicts operators that signed both aggregates of a recorded pair; as many as fit in a transaction.
    function convict(bytes32 faultId, PairRecord calldata record, PairSigner[] calldata signers) external;

    /// @notice Slashes and ejects convicted operators. Whom the core refuses now stays convicted, and a member without
    ///         weight: ejection would begin the time after which nobody can slash it.
    function slash(address[] calldata operators) external;

    /// @notice Commits to a fault that will be proven: keccak256(abi.encode(faultId, reporter, salt)).
    function commitBounty(bytes32 commitment) external;

    /// @notice Claims a fault's bounty with a commitment from before it was recorded; the earliest one wins.
    function claimBounty(bytes32 faultId, bytes32 salt) external;

    /// @notice Pays a fault's bounty once claims are closed and a slash has taken something.
    function payBounty(bytes32 faultId) external;

    /// @notice Adds to the pool of bounties, which pays nothing else.
    function fundBounties(uint256 amount) external;

    /// @notice The name of the fault that two digests are, in either order.
    function faultIdOf(address operator, bytes32 firstDigest, bytes32 secondDigest) external pure returns (bytes32);

    function convictedBy(address operator) external view returns (bytes32 faultId);

    function isSlashed(address operator) external view returns (bool);
}
