// SPDX-License-Identifier: MIT
// Size: a test for each file of vectors, with the readers that they share.
pragma solidity 0.8.30;

import {Clones} from "@openzeppelin/proxy/Clones.sol";
import {CertificateVerifier} from "src/avs/CertificateVerifier.sol";
import {
    Certificate, Contradiction, Core, Form, Message, TableEntry, TableHeader
} from "src/avs/interfaces/IMachTypes.sol";
import {IMachRewards} from "src/avs/interfaces/IMachRewards.sol";
import {IMachVerifier} from "src/avs/interfaces/IMachVerifier.sol";
import {IOperatorTable} from "src/avs/interfaces/IOperatorTable.sol";
import {MachRewards} from "src/avs/MachRewards.sol";
import {MachMessage} from "src/avs/libraries/MachMessage.sol";
import {MerkleRange} from "src/avs/libraries/MerkleRange.sol";
import {Slashable} from "src/avs/libraries/Slashable.sol";
import {TableTree} from "src/avs/libraries/TableTree.sol";
import {BN254} from "src/restaking/libraries/BN254.sol";
import {TestBase} from "../Vm.sol";

/// @notice A table that knows one epoch's commitment and a schedule.
contract FixedTable {
    mapping(uint64 => bytes32) public commitments;
    uint256 private immutable _start;
    uint256 private immutable _k;
    uint256 private immutable _length;

    constructor(uint256 start, uint256 k, uint256 length) {
        (_start, _k, _length) = (start, k, length);
    }

    function set(uint64 epoch, bytes32 commitment) external {
        commitments[epoch] = commitment;
    }

    function windows() external view returns (IOperatorTable.Windows memory w) {
        (w.k, w.epochLength, w.certificateAge) = (uint32(_k), uint32(_length), 1000);
    }

    function lookup(uint64 epoch, uint64 origin) external view returns (bytes32, uint256, uint64) {
        uint64 originEpoch = origin < _start + _k ? 0 : uint64((origin - _start - _k) / _length);
        return (commitments[epoch], _start + epoch * _length, originEpoch);
    }
}

/// @notice A verifier as far as rewards ask.
contract FixedDomain {
    address private immutable _avs;
    bytes32 private immutable _rollupId;

    constructor(address avs, bytes32 rollupId) {
        (_avs, _rollupId) = (avs, rollupId);
    }

    function domainSeparator() external view returns (bytes32) {
        return MachMessage.domainSeparator(_avs, 0, _rollupId);
    }
}

/// @notice Calls of libraries, so that their reverts can be caught.
contract Libraries {
    function shows(Message memory a, Message memory b, Contradiction memory proof) external pure returns (bool) {
        return Slashable.shows(a, b, proof);
    }

    function verify(bytes32 digest, BN254.G1Point memory g1, BN254.G2Point memory g2, BN254.G1Point memory signature)
        external
        view
        returns (bool)
    {
        return BN254.verifyAggregate(digest, g1, g2, signature);
    }
}

/// @notice The frozen vectors of docs/spec/mach.md, which TypeScript and Rust pass too.
contract VectorsTest is TestBase {
    string private constant FOLDER = "../test/vectors/mach/";
    Libraries private libraries = new Libraries();

    function test_Messages() external {
        string memory json = vm.readFile(string.concat(FOLDER, "messages.json"));
        vm.chainId(vm.parseJsonUint(json, ".domain.l1ChainId"));
        bytes32 rollupId = vm.parseJsonBytes32(json, ".domain.rollupId");
        bytes32 domain =
            MachMessage.domainSeparator(vm.parseJsonAddress(json, ".domain.avs"), 0, rollupId);
        vm.assertEq(domain, vm.parseJsonBytes32(json, ".domain.domainSeparator"));
        uint256 count;
        for (; vm.keyExistsJson(json, _at(".messages", count, "")); ++count) {
            bytes memory encoded = vm.parseJsonBytes(json, _at(".messages", count, ".encoded"));
            Message memory message = abi.decode(encoded, (Message));
            vm.assertEq(abi.encode(message), encoded);
            vm.assertEq(
                MachMessage.hash(message.core), vm.parseJsonBytes32(json, _at(".messages", count, ".coreHash"))
            );
            vm.assertEq(
                MachMessage.digest(message, domain), vm.parseJsonBytes32(json, _at(".messages", count, ".digest"))
            );
        }
        vm.assertGt(count, 2);
    }

    function test_Reports() external {
        string memory json = vm.readFile(string.concat(FOLDER, "reports.json"));
        vm.chainId(vm.parseJsonUint(json, ".domain.l1ChainId"));
        FixedDomain domain = new FixedDomain(
            vm.parseJsonAddress(json, ".domain.avs"), vm.parseJsonBytes32(json, ".domain.rollupId")
        );
        MachRewards rewards = MachRewards(Clones.clone(address(new MachRewards(address(0)))));
        rewards.initialize(address(0), address(0), address(domain), address(0), 0);
        uint256 count;
        for (; vm.keyExistsJson(json, _at(".reports", count, "")); ++count) {
            IMachRewards.Report memory report;
            report.firstEpoch = uint64(vm.parseJsonUint(json, _at(".reports", count, ".firstEpoch")));
            report.lastEpoch = uint64(vm.parseJsonUint(json, _at(".reports", count, ".lastEpoch")));
            report.points = vm.parseJsonUintArray(json, _at(".reports", count, ".points"));
            report.operators = new address[](report.points.length);
            for (uint256 i; i < report.operators.length; ++i) {
                string memory place = _at(_at(".reports", count, ".operators"), i, "");
                report.operators[i] = vm.parseJsonAddress(json, place);
            }
            vm.assertEq(rewards.digestOf(report), vm.parseJsonBytes32(json, _at(".reports", count, ".digest")));
        }
        vm.assertGt(count, 1);
    }

    function test_Slashing_predicate() external view {
        string memory json = vm.readFile(string.concat(FOLDER, "slashing.json"));
        uint256 count;
        for (; vm.keyExistsJson(json, _at("", count, "")); ++count) {
            Message memory a = abi.decode(vm.parseJsonBytes(json, _at("", count, ".a")), (Message));
            Message memory b = abi.decode(vm.parseJsonBytes(json, _at("", count, ".b")), (Message));
            Contradiction memory proof = _proof(json, _at("", count, ".proof"));
            string memory name = vm.parseJsonString(json, _at("", count, ".name"));
            bool expected = vm.parseJsonBool(json, _at("", count, ".slashable"));
            vm.assertTrue(_shows(a, b, proof) == expected, name);
            vm.assertTrue(_shows(b, a, proof) == expected, string.concat(name, ", swapped"));
        }
        vm.assertGt(count, 15);
    }

    function test_Ranges() external view {
        string memory json = vm.readFile(string.concat(FOLDER, "ranges.json"));
        bytes32[] memory leaves = vm.parseJsonBytes32Array(json, ".leaves");
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, ".roots");
        uint256 count;
        for (; vm.keyExistsJson(json, _at(".inclusions", count, "")); ++count) {
            uint256 index = vm.parseJsonUint(json, _at(".inclusions", count, ".index"));
            uint256 size = vm.parseJsonUint(json, _at(".inclusions", count, ".size"));
            uint256 directions = vm.parseJsonUint(json, _at(".inclusions", count, ".directions"));
            bytes32[] memory path = vm.parseJsonBytes32Array(json, _at(".inclusions", count, ".path"));
            vm.assertEq(MerkleRange.fold(leaves[index], directions, path), roots[size]);
        }
        vm.assertGt(count, 5);
        for (count = 0; vm.keyExistsJson(json, _at(".prefixes", count, "")); ++count) {
            uint256 m = vm.parseJsonUint(json, _at(".prefixes", count, ".count"));
            uint256 n = vm.parseJsonUint(json, _at(".prefixes", count, ".size"));
            bytes32[] memory nodes = vm.parseJsonBytes32Array(json, _at(".prefixes", count, ".nodes"));
            (bytes32 first, bytes32 all) = MerkleRange.prefix(m, n, nodes);
            vm.assertEq(first, roots[m]);
            vm.assertEq(all, roots[n]);
        }
        vm.assertGt(count, 50);
    }

    function test_Table() external view {
        string memory json = vm.readFile(string.concat(FOLDER, "table.json"));
        TableHeader memory header = _header(json);
        uint256 count;
        for (; vm.keyExistsJson(json, _at(".entries", count, "")); ++count) {
            TableEntry memory entry = _entry(json, count);
            bytes32 leaf = TableTree.leaf(entry.operator, entry.key, entry.weights);
            vm.assertEq(leaf, vm.parseJsonBytes32(json, _at(".entries", count, ".leaf")));
            vm.assertEq(MerkleRange.fold(leaf, entry.index, entry.path), header.root);
        }
        vm.assertGt(count, 5);
        vm.assertEq(keccak256(abi.encode(header)), vm.parseJsonBytes32(json, ".commitment"));
    }

    function test_Signatures() external view {
        string memory json = vm.readFile(string.concat(FOLDER, "bn254.json"));
        uint256 count;
        BN254.G1Point memory key;
        for (; vm.keyExistsJson(json, _at(".signatures", count, "")); ++count) {
            bytes32 digest = vm.parseJsonBytes32(json, _at(".signatures", count, ".digest"));
            BN254.G1Point memory g1 = _g1(json, _at(".signatures", count, ".keyG1"));
            if (count == 0) key = g1;
            vm.assertEq(
                abi.encode(BN254.hashToG1(digest)), vm.parseJsonBytes(json, _at(".signatures", count, ".hash"))
            );
            vm.assertTrue(
                libraries.verify(
                    digest,
                    g1,
                    _g2(json, _at(".signatures", count, ".keyG2")),
                    _g1(json, _at(".signatures", count, ".signature"))
                )
            );
        }
        vm.assertGt(count, 7);
        for (count = 0; vm.keyExistsJson(json, _at(".invalid", count, "")); ++count) {
            bytes32 digest = vm.parseJsonBytes32(json, _at(".invalid", count, ".digest"));
            BN254.G2Point memory g2 = _g2(json, _at(".invalid", count, ".keyG2"));
            BN254.G1Point memory signature = _g1(json, _at(".invalid", count, ".signature"));
            try libraries.verify{gas: 1_000_000}(digest, key, g2, signature) returns (bool valid) {
                vm.assertFalse(valid, vm.parseJsonString(json, _at(".invalid", count, ".what")));
            } catch {}
        }
        vm.assertGt(count, 5);
    }

    function test_Certificates() external {
        string memory json = vm.readFile(string.concat(FOLDER, "certificates.json"));
        string memory messages = vm.readFile(string.concat(FOLDER, "messages.json"));
        string memory entries = vm.readFile(string.concat(FOLDER, "table.json"));
        vm.chainId(vm.parseJsonUint(messages, ".domain.l1ChainId"));
        FixedTable table = new FixedTable(
            vm.parseJsonUint(json, ".schedule.startBlock"),
            vm.parseJsonUint(json, ".schedule.depth"),
            vm.parseJsonUint(json, ".schedule.epochLength")
        );
        CertificateVerifier verifier = CertificateVerifier(Clones.clone(address(new CertificateVerifier())));
        verifier.initialize(
            vm.parseJsonAddress(messages, ".domain.avs"),
            address(table),
            vm.parseJsonBytes32(messages, ".domain.rollupId")
        );
        Certificate memory certificate;
        certificate.message = abi.decode(vm.parseJsonBytes(json, ".message"), (Message));
        certificate.table = _header(json);
        table.set(certificate.table.epoch, keccak256(abi.encode(certificate.table)));
        uint256 count;
        for (; vm.keyExistsJson(json, _at(".certificates", count, "")); ++count) {
            certificate.signature = _g1(json, _at(".certificates", count, ".signature"));
            certificate.aggregateKey = _g2(json, _at(".certificates", count, ".aggregateKey"));
            certificate.absent = _absent(json, entries, _at(".certificates", count, ".absent"));
            if (vm.parseJsonBool(json, _at(".certificates", count, ".quorum"))) {
                vm.assertEq(verifier.verify(certificate), vm.parseJsonBytes32(json, ".digest"));
                continue;
            }
            try verifier.verify(certificate) {
                vm.assertTrue(false, vm.parseJsonString(json, _at(".certificates", count, ".name")));
            } catch (bytes memory reason) {
                vm.assertEq(bytes32(bytes4(reason)), bytes32(IMachVerifier.BelowThreshold.selector));
            }
        }
        vm.assertGt(count, 5);
    }

    function _absent(string memory json, string memory entries, string memory at)
        private
        view
        returns (TableEntry[] memory absent)
    {
        uint256 count;
        while (vm.keyExistsJson(json, _at(at, count, ""))) ++count;
        absent = new TableEntry[](count);
        for (uint256 i; i < count; ++i) {
            uint256 index = vm.parseJsonUint(json, _at(at, i, ".index"));
            uint256 place;
            while (vm.parseJsonUint(entries, _at(".entries", place, ".index")) != index) ++place;
            absent[i] = _entry(entries, place);
        }
    }

    function _shows(Message memory a, Message memory b, Contradiction memory proof) private view returns (bool) {
        try libraries.shows(a, b, proof) returns (bool shown) {
            return shown;
        } catch {
            return false;
        }
    }

    function _proof(string memory json, string memory at) private pure returns (Contradiction memory proof) {
        proof.form = _form(vm.parseJsonString(json, string.concat(at, ".form")));
        if (proof.form == Form.PREFIX) {
            proof.prefix = vm.parseJsonBytes32Array(json, string.concat(at, ".nodes"));
        }
        if (proof.form != Form.HISTORY) return proof;
        proof.past = _core(json, string.concat(at, ".core"));
        proof.directions = vm.parseJsonUint(json, string.concat(at, ".inclusion.directions"));
        proof.inclusion = vm.parseJsonBytes32Array(json, string.concat(at, ".inclusion.path"));
        proof.inner = _form(vm.parseJsonString(json, string.concat(at, ".at.form")));
        if (proof.inner == Form.PREFIX) {
            proof.prefix = vm.parseJsonBytes32Array(json, string.concat(at, ".at.nodes"));
        }
    }

    function _form(string memory name) private pure returns (Form) {
        string[6] memory names = ["BASE", "PLACE", "CONTENT", "PREFIX", "PARENT", "HISTORY"];
        for (uint256 i; i < names.length; ++i) {
            if (keccak256(bytes(names[i])) == keccak256(bytes(name))) return Form(i);
        }
        revert(name);
    }

    function _core(string memory json, string memory at) private pure returns (Core memory core) {
        core.height = uint64(vm.parseJsonUint(json, string.concat(at, ".height")));
        core.timestamp = uint64(vm.parseJsonUint(json, string.concat(at, ".timestamp")));
        core.originNumber = uint64(vm.parseJsonUint(json, string.concat(at, ".originNumber")));
        core.originHash = vm.parseJsonBytes32(json, string.concat(at, ".originHash"));
        core.parentHash = vm.parseJsonBytes32(json, string.concat(at, ".parentHash"));
        core.attributesHash = vm.parseJsonBytes32(json, string.concat(at, ".attributesHash"));
        core.historyRoot = vm.parseJsonBytes32(json, string.concat(at, ".historyRoot"));
        core.transactionCount = uint32(vm.parseJsonUint(json, string.concat(at, ".transactionCount")));
        core.transactionRoot = vm.parseJsonBytes32(json, string.concat(at, ".transactionRoot"));
        core.blockHash = vm.parseJsonBytes32(json, string.concat(at, ".blockHash"));
        core.outputRoot = vm.parseJsonBytes32(json, string.concat(at, ".outputRoot"));
    }

    function _header(string memory json) private pure returns (TableHeader memory header) {
        header.epoch = uint64(vm.parseJsonUint(json, ".header.epoch"));
        header.depth = uint32(vm.parseJsonUint(json, ".header.depth"));
        header.root = vm.parseJsonBytes32(json, ".header.root");
        BN254.G1Point memory key = _g1(json, ".header.aggregateKey");
        (header.aggregateX, header.aggregateY) = (key.X, key.Y);
        header.active = vm.parseJsonUintArray(json, ".header.active");
        header.total = vm.parseJsonUintArray(json, ".header.total");
    }

    function _entry(string memory json, uint256 i) private pure returns (TableEntry memory entry) {
        entry.index = uint32(vm.parseJsonUint(json, _at(".entries", i, ".index")));
        entry.operator = vm.parseJsonAddress(json, _at(".entries", i, ".operator"));
        entry.key = _g1(json, _at(".entries", i, ".key"));
        entry.weights = vm.parseJsonUintArray(json, _at(".entries", i, ".weights"));
        entry.path = vm.parseJsonBytes32Array(json, _at(".entries", i, ".path"));
    }

    function _g1(string memory json, string memory at) private pure returns (BN254.G1Point memory) {
        return abi.decode(vm.parseJsonBytes(json, at), (BN254.G1Point));
    }

    function _g2(string memory json, string memory at) private pure returns (BN254.G2Point memory) {
        return abi.decode(vm.parseJsonBytes(json, at), (BN254.G2Point));
    }

    function _at(string memory list, uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "]", field);
    }
}
