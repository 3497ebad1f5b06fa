// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Initializable} from "@openzeppelin/proxy/utils/Initializable.sol";
import {IAllocationManager} from "../restaking/interfaces/IAllocationManager.sol";
import {OperatorSet} from "../restaking/interfaces/OperatorSet.sol";
import {BN254} from "../restaking/libraries/BN254.sol";
import {BountyPool} from "./BountyPool.sol";
import {Certificate, Contradiction, Message, TableEntry} from "./interfaces/IMachTypes.sol";
import {IMachRegistrar} from "./interfaces/IMachRegistrar.sol";
import {IMachSlasher} from "./interfaces/IMachSlasher.sol";
import {IMachVerifier} from "./interfaces/IMachVerifier.sol";
import {IOperatorTable} from "./interfaces/IOperatorTable.sol";
import {Bitmap} from "./libraries/Bitmap.sol";
import {MachMessage} from "./libraries/MachMessage.sol";
import {MerkleRange} from "./libraries/MerkleRange.sol";
import {Slashable} from "./libraries/Slashable.sol";
import {TableTree} from "./libraries/TableTree.sol";

/// @title MachSlasher
contract MachSlasher is IMachSlasher, BountyPool, Initializable {
    using Bitmap for bytes;

    IAllocationManager public immutable allocationManager;

    IMachRegistrar public registrar;
    IOperatorTable public table;
    IMachVerifier public verifier;
    /// @notice Part of the stake allocated to the set that a fault costs, in 1e18ths.
    uint256 public slashWad;
    uint256 private _evidenceWindow;

    mapping(bytes32 faultId => bytes32) private _pairs;
    mapping(address operator => bytes32) public convictedBy;
    mapping(address operator => bool) public isSlashed;

    constructor(address allocationManager_) {
        allocationManager = IAllocationManager(allocationManager_);
        _disableInitializers();
    }

    /// @notice Called by the factory in the transaction that makes the clone.
    function initialize(
        address registrar_,
        address table_,
        address verifier_,
        uint256 slashWad_,
        BountyTerms calldata bounty
    ) external initializer {
        (registrar, table) = (IMachRegistrar(registrar_), IOperatorTable(table_));
        (verifier, slashWad) = (IMachVerifier(verifier_), slashWad_);
        _evidenceWindow = table.windows().evidenceWindow;
        _setTerms(bounty);
    }

    /// @inheritdoc IMachSlasher
    function proveBySignatures(
        address operator,
        BN254.G2Point calldata aggregateKey,
        Message calldata first,
        BN254.G1Point calldata firstSignature,
        Message calldata second,
        BN254.G1Point calldata secondSignature,
        Contradiction calldata proof
    ) external returns (bytes32 faultId) {
        (bytes32 a, bytes32 b) = _checkPair(first, second, proof);
        BN254.G1Point memory key = registrar.keyOf(operator);
        if (BN254.isZero(key)) revert UnknownOperator(operator);
        if (!BN254.verifyTwo(a, b, key, aggregateKey, firstSignature, secondSignature)) revert InvalidSignature();

        faultId = faultIdOf(operator, a, b);
        _recordFault(faultId, a, b);
        _convict(operator, faultId);
    }

    /// @inheritdoc IMachSlasher
    function proveByCertificates(
        Certificate calldata first,
        Certificate calldata second,
        Contradiction calldata proof
    ) external returns (bytes32 faultId) {
        _checkEvidence(first.message, second.message, proof);
        bytes32 a = _checkAggregate(first);
        bytes32 b = _checkAggregate(second);

        PairRecord memory record = PairRecord({
            firstRoot: first.table.root,
            secondRoot: second.table.root,
            firstDepth: first.table.depth,
            secondDepth: second.table.depth,
            firstAbsent: Bitmap.from(first.absent, first.table.depth),
            secondAbsent: Bitmap.from(second.absent, second.table.depth)
        });
        bytes32 hash = keccak256(abi.encode(record));
        // The same digests with other signers are another fault: who proves first must not leave signers out for all.
        faultId = keccak256(abi.encode(faultIdOf(address(0), a, b), hash));
        _recordFault(faultId, a, b);
        _pairs[faultId] = hash;
        emit PairRecorded(faultId, record);
    }

    /// @inheritdoc IMachSlasher
    function convict(bytes32 faultId, PairRecord calldata record, PairSigner[] calldata signers) external {
        if (_pairs[faultId] == 0) revert UnknownFault(faultId);
        if (_pairs[faultId] != keccak256(abi.encode(record))) revert WrongRecord(faultId);
        for (uint256 i; i < signers.length; ++i) {
            (TableEntry calldata a, TableEntry calldata b) = (signers[i].inFirst, signers[i].inSecond);
            bool signed = a.operator == b.operator && _signed(a, record.firstRoot, record.firstDepth, record.firstAbsent)
                && _signed(b, record.secondRoot, record.secondDepth, record.secondAbsent);
            if (!signed) revert NotASigner(a.operator);
            _convict(a.operator, faultId);
        }
    }

    /// @inheritdoc IMachSlasher
    function slash(address[] calldata operators) external {
        address[] memory strategies = _sorted(allocationManager.getStrategiesInOperatorSet(_set()));
        uint256[] memory wads = new uint256[](strategies.length);
        for (uint256 i; i < wads.length; ++i) wads[i] = slashWad;
        for (uint256 i; i < operators.length; ++i) {
            address operator = operators[i];
            bytes32 faultId = convictedBy[operator];
            if (faultId == 0) revert UnknownOperator(operator);
            if (!isSlashed[operator]) _slash(operator, faultId, strategies, wads);
            // Ejection starts the core's deallocation delay: who is not slashed yet must not be helped to its end.
            if (!isSlashed[operator] || !allocationManager.isMemberOfOperatorSet(operator, _set())) continue;
            try registrar.eject(operator) {}
            catch (bytes memory reason) {
                emit EjectionFailed(operator, reason);
            }
        }
    }

    /// @inheritdoc IMachSlasher
    function faultIdOf(address operator, bytes32 firstDigest, bytes32 secondDigest) public pure returns (bytes32) {
        (bytes32 low, bytes32 high) =
            firstDigest < secondDigest ? (firstDigest, secondDigest) : (secondDigest, firstDigest);
        return keccak256(abi.encode(operator, low, high));
    }

    function _slash(address operator, bytes32 faultId, address[] memory strategies, uint256[] memory wads) private {
        // Set before the call: the core calls nobody back, yet a second slash must be impossible whatever it does.
        isSlashed[operator] = true;
        try allocationManager.slashOperator(
            address(registrar),
            IAllocationManager.SlashingParams(operator, 0, strategies, wads, "MACH: contradictory signatures")
        ) returns (uint256 slashId, uint256[] memory shares) {
            for (uint256 i; i < shares.length; ++i) if (shares[i] != 0) _markSlashed(faultId);
            emit Slashed(operator, faultId, slashId, shares);
        } catch (bytes memory reason) {
            isSlashed[operator] = false;
            emit SlashFailed(operator, reason);
        }
    }

    function _recordFault(bytes32 faultId, bytes32 a, bytes32 b) private {
        if (_recordedAt(faultId) != 0) revert AlreadyRecorded(faultId);
        _openClaims(faultId);
        emit FaultRecorded(faultId, a, b);
    }

    function _convict(address operator, bytes32 faultId) private {
        if (convictedBy[operator] != 0) return;
        convictedBy[operator] = faultId;
        emit Convicted(operator, faultId);
        table.jail(operator);
    }

    /// @dev The digests of two messages that are a fault.
    function _checkPair(Message memory first, Message memory second, Contradiction calldata proof)
        private
        view
        returns (bytes32, bytes32)
    {
        _checkEvidence(first, second, proof);
        bytes32 domain = verifier.domainSeparator();
        return (MachMessage.digest(first, domain), MachMessage.digest(second, domain));
    }

    function _checkEvidence(Message memory first, Message memory second, Contradiction calldata proof)
        private
        view
    {
        uint64 epoch = first.base.epoch > second.base.epoch ? first.base.epoch : second.base.epoch;
        uint256 last = table.epochBlock(epoch) + _evidenceWindow;
        if (block.number > last) revert EvidenceTooOld(last);
        if (!Slashable.shows(first, second, proof)) revert NotAFault();
    }

    function _checkAggregate(Certificate calldata certificate) private view returns (bytes32 digest) {
        if (certificate.table.epoch != certificate.message.base.epoch) {
            revert IMachVerifier.WrongTable(certificate.message.base.epoch);
        }
        digest = verifier.digestOf(certificate.message);
        verifier.verifyAggregate(
            digest, certificate.table, certificate.signature, certificate.aggregateKey, certificate.absent
        );
    }

    function _signed(TableEntry calldata entry, bytes32 root, uint32 depth, bytes calldata absent)
        private
        pure
        returns (bool)
    {
        if (entry.path.length != depth || entry.index >> depth != 0 || absent.has(entry.index)) return false;
        bytes32 leaf = TableTree.leafCalldata(entry.operator, entry.key, entry.weights);
        return MerkleRange.foldCalldata(leaf, entry.index, entry.path) == root;
    }

    function _set() private view returns (OperatorSet memory) {
        return OperatorSet(address(registrar), 0);
    }

    /// @dev At most four.
    function _sorted(address[] memory list) private pure returns (address[] memory) {
        for (uint256 i = 1; i < list.length; ++i) {
            for (uint256 j = i; j > 0 && list[j - 1] > list[j]; --j) (list[j - 1], list[j]) = (list[j], list[j - 1]);
        }
        return list;
    }
}
