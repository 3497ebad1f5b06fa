// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Certificate, Core as BlockCore, Message} from "src/avs/interfaces/IMachTypes.sol";
import {IMachVerifier} from "src/avs/interfaces/IMachVerifier.sol";
import {MachMessage} from "src/avs/libraries/MachMessage.sol";
import {MerkleRange} from "src/avs/libraries/MerkleRange.sol";
import {CertifiedReceipt, ReceiptProof} from "src/examples/CertifiedReceipt.sol";
import {FastExit} from "src/examples/FastExit.sol";
import {FastExitGate, IL2ToL1MessagePasser} from "src/examples/FastExitGate.sol";
import {Vm} from "../Vm.sol";
import {Mach} from "../Mach.sol";
import {RlpWriter as Rlp} from "./RlpWriter.sol";

/// @notice Claims again when it is paid.
contract Greedy {
    FastExit public fastExit;
    bytes public call;
    bool public entered;

    function arm(FastExit fastExit_, bytes calldata call_) external {
        (fastExit, call) = (fastExit_, call_);
    }

    receive() external payable {
        (entered,) = address(fastExit).call(call);
    }
}

/// @notice FastExit.claim: what it pays, and what it must not.
contract FastExitTest is Mach {
    uint256 private constant N = 6;
    address private constant GATE = address(0x6a7e);
    address private constant USER = address(0xE217);
    bytes32 private constant TX = keccak256("transaction");
    FastExit private fastExit;

    function setUp() public override {
        super.setUp();
        _startWith(N);
        fastExit = new FastExit(verifier, GATE, 100, 10 ether, address(this));
        vm.deal(address(fastExit), 100 ether);
    }

    receive() external payable {}

    function test_Pays_an_exit_of_the_certified_block() external {
        (Certificate memory certificate, ReceiptProof memory proof) = _exit(7, USER, 5 ether);
        fastExit.claim(certificate, proof, 1);
        vm.assertEq(USER.balance, 4.95 ether);
        vm.assertTrue(fastExit.paid(7));
    }

    function test_Pays_an_exit_of_a_slice_and_of_a_block_below() external {
        (Message memory message, ReceiptProof memory proof) = _message(_receipt(_log(GATE, 1, USER, 1 ether)));
        message.kind = 1;
        (message.core.blockHash, message.core.outputRoot) = (0, 0);
        fastExit.claim(_certify(message, N), proof, 1);
        vm.assertEq(USER.balance, 0.99 ether);

        (Message memory later, ReceiptProof memory past) = _below(2, 1 ether);
        fastExit.claim(_certify(later, N), past, 1);
        vm.assertEq(USER.balance, 1.98 ether);
    }

    function test_Reads_legacy_typed_and_deposit_receipts() external {
        bytes memory list = _list(_log(GATE, 1, USER, 1 ether), 1);
        bytes[3] memory receipts = [list, abi.encodePacked(bytes1(0x01), list), abi.encodePacked(bytes1(0x7e), list)];
        for (uint256 i; i < receipts.length; ++i) {
            uint256 state = vm.snapshotState();
            (Message memory message, ReceiptProof memory proof) = _message(receipts[i]);
            fastExit.claim(_certify(message, N), proof, 1);
            vm.assertEq(USER.balance, 0.99 ether);
            vm.revertToState(state);
        }
    }

    function test_Attack_paid_twice() external {
        (Certificate memory certificate, ReceiptProof memory proof) = _exit(7, USER, 1 ether);
        fastExit.claim(certificate, proof, 1);
        _refused(certificate, proof, 1, abi.encodeWithSelector(FastExit.AlreadyPaid.selector, 7));
        // The same exit under a later certificate, and in another transaction of a contradictory one.
        (Message memory later, ReceiptProof memory past) = _below(7, 1 ether);
        _refused(_certify(later, N), past, 1, abi.encodeWithSelector(FastExit.AlreadyPaid.selector, 7));
        vm.assertEq(USER.balance, 0.99 ether);
    }

    function test_Attack_reentered() external {
        Greedy greedy = new Greedy();
        (Certificate memory certificate, ReceiptProof memory proof) = _exit(7, address(greedy), 1 ether);
        greedy.arm(fastExit, abi.encodeCall(FastExit.claim, (certificate, proof, 1)));
        fastExit.claim(certificate, proof, 1);
        vm.assertFalse(greedy.entered());
        vm.assertEq(address(greedy).balance, 0.99 ether);
    }

    function test_Attack_certificate_of_another_chain_or_too_old_or_of_too_few() external {
        (Certificate memory certificate, ReceiptProof memory proof) = _exit(7, USER, 1 ether);
        uint256[] memory absent = new uint256[](2);
        absent[1] = 1;
        _refused(_certify(certificate.message, N, absent), proof, 1, "");
        vm.chainId(4242);
        _refused(certificate, proof, 1, abi.encodeWithSelector(IMachVerifier.InvalidSignature.selector));
        vm.chainId(31_337);
        _mine(AGE + EPOCH);
        vm.expectRevert();
        fastExit.claim(certificate, proof, 1);
    }

    function test_Attack_event_of_another_contract_or_of_another_kind() external {
        (Message memory message, ReceiptProof memory proof) = _message(_receipt(_log(address(0xBAD), 1, USER, 1 ether)));
        Certificate memory certificate = _certify(message, N);
        _refused(certificate, proof, 1, abi.encodeWithSelector(FastExit.NotAnExit.selector));
        // The log before it is no exit either, and there is no third.
        _refused(certificate, proof, 0, abi.encodeWithSelector(FastExit.NotAnExit.selector));
        _refused(certificate, proof, 2, abi.encodeWithSelector(CertifiedReceipt.NoSuchLog.selector, 2));
    }

    function test_Attack_receipt_of_a_failed_transaction() external {
        bytes memory list = _list(_log(GATE, 1, USER, 1 ether), 0);
        (Message memory message, ReceiptProof memory proof) = _message(abi.encodePacked(bytes1(0x02), list));
        _refused(_certify(message, N), proof, 1, abi.encodeWithSelector(CertifiedReceipt.TransactionFailed.selector));
    }

    function test_Attack_wrong_leaf() external {
        (Certificate memory certificate, ReceiptProof memory proof) = _exit(7, USER, 1 ether);
        bytes memory refusal = abi.encodeWithSelector(CertifiedReceipt.ReceiptNotInBlock.selector);
        // Another receipt, another transaction, another side, a path too short.
        ReceiptProof memory changed = _copy(proof);
        changed.receipt = _receipt(_log(GATE, 8, USER, 9 ether));
        _refused(certificate, changed, 1, refusal);
        changed = _copy(proof);
        changed.transactionHash = keccak256("other");
        _refused(certificate, changed, 1, refusal);
        changed = _copy(proof);
        changed.directions ^= 1;
        _refused(certificate, changed, 1, refusal);
        changed = _copy(proof);
        changed.siblings = new bytes32[](0);
        _refused(certificate, changed, 1, refusal);
    }

    /// @dev A block that nobody certified, with the history proof of one that is.
    function test_Attack_block_beside_the_history() external {
        (Message memory later, ReceiptProof memory past) = _below(7, 1 ether);
        past.past.timestamp += 1;
        bytes memory refusal = abi.encodeWithSelector(CertifiedReceipt.BlockNotInHistory.selector);
        _refused(_certify(later, N), past, 1, refusal);
    }

    function test_Refuses_above_the_cap_and_stays_payable_when_empty() external {
        (Certificate memory certificate, ReceiptProof memory proof) = _exit(7, USER, 11 ether);
        _refused(certificate, proof, 1, abi.encodeWithSelector(FastExit.AboveCap.selector, 11 ether, 10 ether));
        fastExit.withdraw(payable(address(this)), 100 ether);
        (certificate, proof) = _exit(8, USER, 1 ether);
        vm.expectRevert();
        fastExit.claim(certificate, proof, 1);
        vm.assertFalse(fastExit.paid(8));
        vm.deal(address(fastExit), 2 ether);
        fastExit.claim(certificate, proof, 1);
        vm.prank(USER);
        vm.expectRevert();
        fastExit.withdraw(payable(USER), 1);
    }

    function test_Gate_numbers_exits_and_begins_their_withdrawal() external {
        FastExitGate gate = new FastExitGate(address(fastExit));
        address passer = address(gate.MESSAGE_PASSER());
        vm.etch(passer, hex"00");
        vm.deal(address(this), 3 ether);
        vm.expectCall(
            passer, abi.encodeCall(IL2ToL1MessagePasser.initiateWithdrawal, (address(fastExit), 50_000, ""))
        );
        vm.assertEq(gate.exit{value: 1 ether}(USER), 0);
        vm.recordLogs();
        vm.assertEq(gate.exit{value: 2 ether}(USER), 1);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs[0].topics[0], FastExitGate.ExitRequested.selector);
        vm.assertEq(abi.decode(logs[0].data, (uint256)), 2 ether);
        vm.assertEq(passer.balance, 3 ether);
        vm.expectRevert(FastExitGate.NothingSent.selector);
        gate.exit(USER);
    }

    function _exit(uint256 number, address to, uint256 amount)
        private
        view
        returns (Certificate memory, ReceiptProof memory)
    {
        (Message memory message, ReceiptProof memory proof) = _message(_receipt(_log(GATE, number, to, amount)));
        return (_certify(message, N), proof);
    }

    /// @dev A block of three transactions with this receipt as the second one's.
    function _message(bytes memory receipt) private view returns (Message memory message, ReceiptProof memory proof) {
        message = _block(10, "a");
        (message.core.transactionRoot, proof) = _transactions(receipt);
    }

    /// @dev The exit in block 10, and a message about block 12, which has it in its history.
    function _below(uint256 number, uint256 amount)
        private
        view
        returns (Message memory message, ReceiptProof memory proof)
    {
        BlockCore memory past = _block(10, "a").core;
        (past.transactionRoot, proof) = _transactions(_receipt(_log(GATE, number, USER, amount)));
        message = _block(12, "a");
        proof.past = past;
        proof.pastSiblings = new bytes32[](1);
        proof.pastSiblings[0] = MerkleRange.leaf(abi.encodePacked(MachMessage.hash(_block(11, "a").core)));
        bytes32 leaf = MerkleRange.leaf(abi.encodePacked(MachMessage.hash(past)));
        message.core.historyRoot = MerkleRange.node(leaf, proof.pastSiblings[0]);
    }

    function _transactions(bytes memory receipt) private pure returns (bytes32 root, ReceiptProof memory proof) {
        (proof.transactionHash, proof.receipt, proof.directions) = (TX, receipt, 1);
        proof.siblings = new bytes32[](2);
        proof.siblings[0] = MerkleRange.leaf("first");
        proof.siblings[1] = MerkleRange.leaf("third");
        bytes32 leaf = MerkleRange.leaf(abi.encodePacked(TX, keccak256(receipt)));
        root = MerkleRange.node(MerkleRange.node(proof.siblings[0], leaf), proof.siblings[1]);
    }

    function _receipt(bytes memory log) private pure returns (bytes memory) {
        return abi.encodePacked(bytes1(0x02), _list(log, 1));
    }

    /// @dev The log stands second, after one of another contract without topics.
    function _list(bytes memory log, uint256 status) private pure returns (bytes memory) {
        bytes[] memory other = new bytes[](3);
        (other[0], other[1], other[2]) =
            (Rlp.bytesOf(abi.encodePacked(address(1))), Rlp.listOf(new bytes[](0)), Rlp.bytesOf("x"));
        bytes[] memory logs = new bytes[](2);
        (logs[0], logs[1]) = (Rlp.listOf(other), log);
        bytes[] memory fields = new bytes[](4);
        (fields[0], fields[1]) = (Rlp.numberOf(status), Rlp.numberOf(21_000));
        (fields[2], fields[3]) = (Rlp.bytesOf(new bytes(256)), Rlp.listOf(logs));
        return Rlp.listOf(fields);
    }

    function _log(address emitter, uint256 number, address to, uint256 amount) private pure returns (bytes memory) {
        bytes[] memory topics = new bytes[](3);
        topics[0] = Rlp.bytesOf(abi.encode(FastExitGate.ExitRequested.selector));
        topics[1] = Rlp.bytesOf(abi.encode(number));
        topics[2] = Rlp.bytesOf(abi.encode(to));
        bytes[] memory parts = new bytes[](3);
        (parts[0], parts[1]) = (Rlp.bytesOf(abi.encodePacked(emitter)), Rlp.listOf(topics));
        parts[2] = Rlp.bytesOf(abi.encode(amount));
        return Rlp.listOf(parts);
    }

    function _copy(ReceiptProof memory proof) private pure returns (ReceiptProof memory) {
        return abi.decode(abi.encode(proof), (ReceiptProof));
    }

    function _refused(Certificate memory certificate, ReceiptProof memory proof, uint256 index, bytes memory with_)
        private
    {
        uint256 before = address(fastExit).balance;
        if (with_.length == 0) vm.expectRevert();
        else vm.expectRevert(with_);
        fastExit.claim(certificate, proof, index);
        vm.assertEq(address(fastExit).balance, before);
    }
}
