// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title MerkleRange
/// @notice Trees of keccak256 with the shape of RFC 9162 section 2.1.1: transaction and history roots, and the
///         operator table. Rules: docs/spec/mach.md, section 3.
library MerkleRange {
    /// @notice A proof has too few or too many nodes for its sizes.
    error ProofShape();

    /// @notice Hash of a leaf's data.
    function leaf(bytes memory data) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), data));
    }

    /// @notice Hash of two children.
    /// @dev    Assembly: this is the step that every absent operator repeats for each level of the table.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            // 0x01 ‖ left ‖ right across the scratch space and the first byte of the free memory pointer's word,
            // which is zero before and after.
            mstore8(0x00, 0x01)
            mstore(0x01, left)
            let pointer := mload(0x40)
            mstore(0x21, right)
            hash := keccak256(0x00, 0x41)
            mstore(0x40, pointer)
        }
    }

    /// @notice The root above `hash`: bit i of `directions` says that sibling i stands on the left.
    function fold(bytes32 hash, uint256 directions, bytes32[] memory siblings) internal pure returns (bytes32) {
        for (uint256 i; i < siblings.length; ++i) {
            hash = directions >> i & 1 == 1 ? node(siblings[i], hash) : node(hash, siblings[i]);
        }
        return hash;
    }

    /// @notice The same, of a path in calldata.
    /// @dev    Assembly, with `node` in it: an absent operator costs a step for each level of the table.
    function foldCalldata(bytes32 hash, uint256 directions, bytes32[] calldata siblings)
        internal
        pure
        returns (bytes32 root)
    {
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            let end := add(siblings.offset, shl(5, siblings.length))
            root := hash
            mstore8(0x00, 0x01)
            for { let at := siblings.offset } lt(at, end) { at := add(at, 0x20) } {
                switch and(directions, 1)
                case 1 {
                    mstore(0x01, calldataload(at))
                    mstore(0x21, root)
                }
                default {
                    mstore(0x01, root)
                    mstore(0x21, calldataload(at))
                }
                root := keccak256(0x00, 0x41)
                directions := shr(1, directions)
            }
            mstore(0x40, pointer)
        }
    }

    /// @notice Two roots at once: that of the first `m` leaves and that of all `n`, 0 < m < n.
    /// @dev    Reverts with ProofShape when the nodes do not fit the sizes.
    function prefix(uint256 m, uint256 n, bytes32[] memory nodes)
        internal
        pure
        returns (bytes32 prefixRoot, bytes32 root)
    {
        if (m == 0 || m >= n || nodes.length == 0) revert ProofShape();
        (uint256 first, uint256 last) = (m - 1, n - 1);
        while (first & 1 == 1) (first, last) = (first >> 1, last >> 1);
        (prefixRoot, root) = (nodes[0], nodes[0]);
        for (uint256 i = 1; i < nodes.length; ++i) {
            if (last == 0) revert ProofShape();
            if (first & 1 == 1 || first == last) {
                prefixRoot = node(nodes[i], prefixRoot);
                root = node(nodes[i], root);
                while (first & 1 == 0 && first != 0) (first, last) = (first >> 1, last >> 1);
            } else {
                root = node(root, nodes[i]);
            }
            (first, last) = (first >> 1, last >> 1);
        }
        if (last != 0) revert ProofShape();
    }
}
