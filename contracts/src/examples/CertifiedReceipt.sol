// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Bytes} from "@openzeppelin/utils/Bytes.sol";
import {Core, Message} from "../avs/interfaces/IMachTypes.sol";
import {MachMessage} from "../avs/libraries/MachMessage.sol";
import {MerkleRange} from "../avs/libraries/MerkleRange.sol";

/// @notice A transaction's receipt, and where it stands under a message that a certificate is for.
/// @param past            The block of the transaction where it is below the message's; of height zero where the
///                        transaction is in the message's own block or slice.
/// @param pastDirections  Bit i: sibling i stands on the left.
/// @param pastSiblings    From the block's leaf to the message's `historyRoot`.
/// @param receipt         EIP-2718 bytes, as in the receipts trie.
/// @param siblings        From the transaction's leaf to the block's `transactionRoot`.
struct ReceiptProof {
    Core past;
    uint256 pastDirections;
    bytes32[] pastSiblings;
    bytes32 transactionHash;
    bytes receipt;
    uint256 directions;
    bytes32[] siblings;
}

/// @title CertifiedReceipt
/// @notice What a contract reads out of a certificate that it has verified. Rules: docs/spec/mach.md, sections 2 and 3.
library CertifiedReceipt {
    using Bytes for bytes;

    struct Log {
        address emitter;
        bytes32[] topics;
        bytes data;
    }

    uint256 private constant TOPICS_MAX = 4;

    error BlockNotInHistory();
    error ReceiptNotInBlock();
    error TransactionFailed();
    error NoSuchLog(uint256 index);

    /// @notice A log of a successful transaction. Reverts unless the proof leads to the message's roots.
    function logOf(Message memory message, ReceiptProof memory proof, uint256 index)
        internal
        pure
        returns (Log memory)
    {
        Core memory core = message.core;
        if (proof.past.height != 0) {
            bytes32 pastLeaf = MerkleRange.leaf(abi.encodePacked(MachMessage.hash(proof.past)));
            bytes32 history = MerkleRange.fold(pastLeaf, proof.pastDirections, proof.pastSiblings);
            if (history != core.historyRoot) revert BlockNotInHistory();
            core = proof.past;
        }
        bytes32 leaf = MerkleRange.leaf(abi.encodePacked(proof.transactionHash, keccak256(proof.receipt)));
        bytes32 root = MerkleRange.fold(leaf, proof.directions, proof.siblings);
        if (root != core.transactionRoot) revert ReceiptNotInBlock();
        return _log(proof.receipt, index);
    }

    /// @dev [status, cumulativeGasUsed, bloom, logs]; deposits (type 0x7e) have more behind. A legacy receipt is the
    ///      list alone, every other one has its type's byte before it. The bytes are a receipt, since the operators
    ///      who signed its hash made them.
    function _log(bytes memory receipt, uint256 index) private pure returns (Log memory log) {
        (uint256 at,) = _payload(receipt, uint8(receipt[0]) < 0xc0 ? 1 : 0);
        if (receipt[at] != 0x01) revert TransactionFailed();
        for (uint256 i; i < 3; ++i) (, at) = _payload(receipt, at);
        uint256 end;
        (at, end) = _payload(receipt, at);
        for (uint256 i; i < index && at < end; ++i) (, at) = _payload(receipt, at);
        if (at >= end) revert NoSuchLog(index);

        (at,) = _payload(receipt, at);
        (at, end) = _payload(receipt, at);
        log.emitter = address(bytes20(receipt.slice(at, end)));
        (at, end) = _payload(receipt, end);
        bytes32[] memory topics = new bytes32[](TOPICS_MAX);
        uint256 count;
        while (at < end) {
            (uint256 from, uint256 to) = _payload(receipt, at);
            topics[count++] = bytes32(receipt.slice(from, to));
            at = to;
        }
        log.topics = new bytes32[](count);
        for (uint256 i; i < count; ++i) log.topics[i] = topics[i];
        (at, end) = _payload(receipt, end);
        log.data = receipt.slice(at, end);
    }

    /// @dev Where the content of the RLP item at `at` begins and ends; the next item begins at its end.
    function _payload(bytes memory data, uint256 at) private pure returns (uint256 from, uint256 to) {
        uint256 tag = uint8(data[at]);
        if (tag < 0x80) return (at, at + 1);
        (uint256 short, uint256 long) = tag < 0xc0 ? (0x80, 0xb7) : (0xc0, 0xf7);
        if (tag <= long) return (at + 1, at + 1 + tag - short);
        from = at + 1 + tag - long;
        for (uint256 i = at + 1; i < from; ++i) to = to << 8 | uint8(data[i]);
        to += from;
    }
}
