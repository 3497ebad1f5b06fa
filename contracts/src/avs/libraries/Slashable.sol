// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Contradiction, Core, Form, Message} from "../interfaces/IMachTypes.sol";
import {MachMessage} from "./MachMessage.sol";
import {MerkleRange} from "./MerkleRange.sol";

/// @title Slashable
/// @notice Whether two messages that one operator signed are a fault. Rules: docs/spec/mach.md, sections 4 and 6.
library Slashable {
    /// @notice Whether `proof` shows that `a` and `b` are a fault.
    /// @dev    Reverts with ProofShape on a prefix proof of a wrong shape; otherwise false means "not shown".
    function shows(Message memory a, Message memory b, Contradiction memory proof) internal pure returns (bool) {
        if (proof.form == Form.BASE) return _contradictBase(a, b);
        // What the other one's base has settled contradicts nothing.
        if (a.core.height <= b.base.height || b.core.height <= a.base.height) return false;
        (Message memory low, Message memory high) = a.core.height <= b.core.height ? (a, b) : (b, a);
        if (proof.form == Form.PARENT) {
            return high.core.height == low.core.height + 1 && low.kind == MachMessage.BLOCK
                && high.core.parentHash != low.core.blockHash;
        }
        if (proof.form != Form.HISTORY) return _contradictHere(proof.form, low, high, proof.prefix);
        if (high.core.height <= low.core.height || proof.past.height != low.core.height) return false;
        bytes32 leaf = MerkleRange.leaf(abi.encode(MachMessage.hash(proof.past)));
        if (MerkleRange.fold(leaf, proof.directions, proof.inclusion) != high.core.historyRoot) return false;
        Message memory past = Message({kind: MachMessage.BLOCK, core: proof.past, base: high.base});
        return _contradictHere(proof.inner, low, past, proof.prefix);
    }

    function _contradictBase(Message memory a, Message memory b) private pure returns (bool) {
        return a.base.l1Hash == b.base.l1Hash && keccak256(abi.encode(a.base)) != keccak256(abi.encode(b.base));
    }

    /// @dev At one height.
    function _contradictHere(Form form, Message memory a, Message memory b, bytes32[] memory nodes)
        private
        pure
        returns (bool)
    {
        if (a.core.height != b.core.height) return false;
        if (form == Form.PLACE) return _place(a.core) != _place(b.core);
        (Message memory small, Message memory large) =
            a.core.transactionCount <= b.core.transactionCount ? (a, b) : (b, a);
        if (form == Form.CONTENT) return _contradictContent(small, large);
        if (form != Form.PREFIX || small.core.transactionCount == large.core.transactionCount) return false;
        (bytes32 prefixRoot, bytes32 root) =
            MerkleRange.prefix(small.core.transactionCount, large.core.transactionCount, nodes);
        return root == large.core.transactionRoot && prefixRoot != small.core.transactionRoot;
    }

    function _contradictContent(Message memory small, Message memory large) private pure returns (bool) {
        bool bothBlocks = small.kind == MachMessage.BLOCK && large.kind == MachMessage.BLOCK;
        if (bothBlocks) return MachMessage.hash(small.core) != MachMessage.hash(large.core);
        if (small.core.transactionCount == large.core.transactionCount) {
            return small.core.transactionRoot != large.core.transactionRoot;
        }
        return small.kind == MachMessage.BLOCK;
    }

    /// @dev The fields that equal heights share on one chain.
    function _place(Core memory core) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                core.timestamp,
                core.originNumber,
                core.originHash,
                core.parentHash,
                core.attributesHash,
                core.historyRoot
            )
        );
    }
}
