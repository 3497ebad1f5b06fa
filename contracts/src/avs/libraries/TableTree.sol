// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BN254} from "../../restaking/libraries/BN254.sol";
import {MerkleRange} from "./MerkleRange.sol";

/// @title TableTree
/// @notice The perfect binary tree of an operator table, kept in storage: a change costs one hash a level. Rules:
///         docs/spec/mach.md, section 7.
library TableTree {
    struct Tree {
        uint32 depth;
        bytes32 root;
        /// @dev By level (0: leaves) and position. Zero: the empty subtree of that level.
        mapping(uint256 key => bytes32) nodes;
    }

    function leaf(address operator, BN254.G1Point memory key, uint256[] memory weights)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(bytes1(0x00), operator, key.X, key.Y, weights));
    }

    /// @notice The leaf of an entry in calldata.
    /// @dev    Assembly: it leaves no memory behind, which each absent operator would pay for.
    function leafCalldata(address operator, BN254.G1Point calldata key, uint256[] calldata weights)
        internal
        pure
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            let at := mload(0x40)
            let size := shl(5, weights.length)
            mstore8(at, 0x00)
            mstore(add(at, 0x01), shl(96, operator))
            calldatacopy(add(at, 0x15), key, 0x40)
            calldatacopy(add(at, 0x55), weights.offset, size)
            hash := keccak256(at, add(0x55, size))
        }
    }

    /// @notice Sets a leaf, zero for an empty one; the tree grows until it holds `index`.
    function set(Tree storage tree, uint256 index, bytes32 hash) internal {
        uint256 depth = tree.depth;
        while (index >> depth != 0) ++depth;
        if (depth != tree.depth) tree.depth = uint32(depth);
        bytes32 empty;
        for (uint256 level; level < depth; ++level) {
            tree.nodes[_key(level, index)] = hash;
            bytes32 sibling = tree.nodes[_key(level, index ^ 1)];
            if (sibling == 0) sibling = empty;
            hash = index & 1 == 1 ? MerkleRange.node(sibling, hash) : MerkleRange.node(hash, sibling);
            empty = MerkleRange.node(empty, empty);
            index >>= 1;
        }
        tree.nodes[_key(depth, 0)] = hash;
        tree.root = hash;
    }

    function path(Tree storage tree, uint256 index) internal view returns (bytes32[] memory siblings) {
        siblings = new bytes32[](tree.depth);
        bytes32 empty;
        for (uint256 level; level < siblings.length; ++level) {
            siblings[level] = tree.nodes[_key(level, index ^ 1)];
            if (siblings[level] == 0) siblings[level] = empty;
            empty = MerkleRange.node(empty, empty);
            index >>= 1;
        }
    }

    function _key(uint256 level, uint256 position) private pure returns (uint256) {
        return level << 32 | position;
    }
}
