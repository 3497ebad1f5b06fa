// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRewardsCoordinator} from "../interfaces/IRewardsCoordinator.sol";

/// @title RewardsProof
/// @notice A claim's two Merkle proofs: the earner's leaf under the root, each token's leaf under the earner's.
/// @dev    Trees are keccak, directed by index; a tree of one leaf has an empty proof.
library RewardsProof {
    uint8 private constant EARNER_LEAF_SALT = 0;
    uint8 private constant TOKEN_LEAF_SALT = 1;

    function earnerLeaf(IRewardsCoordinator.EarnerTreeMerkleLeaf calldata leaf) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(EARNER_LEAF_SALT, leaf.earner, leaf.earnerTokenRoot));
    }

    function tokenLeaf(IRewardsCoordinator.TokenTreeMerkleLeaf calldata leaf) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(TOKEN_LEAF_SALT, leaf.token, leaf.cumulativeEarnings));
    }

    /// @notice Reverts unless `claim` is part of `root`.
    function check(IRewardsCoordinator.RewardsMerkleClaim calldata claim, bytes32 root) internal pure {
        uint256 count = claim.tokenLeaves.length;
        if (claim.tokenIndices.length != count || claim.tokenTreeProofs.length != count) {
            revert IRewardsCoordinator.InputArrayLengthMismatch();
        }
        if (claim.earnerIndex >= _leavesMax(claim.earnerTreeProof)) {
            revert IRewardsCoordinator.InvalidEarnerLeafIndex();
        }
        if (_rootOf(claim.earnerTreeProof, earnerLeaf(claim.earnerLeaf), claim.earnerIndex) != root) {
            revert IRewardsCoordinator.InvalidClaimProof();
        }
        for (uint256 i; i < count; ++i) {
            if (claim.tokenIndices[i] >= _leavesMax(claim.tokenTreeProofs[i])) {
                revert IRewardsCoordinator.InvalidTokenLeafIndex();
            }
            bytes32 tokenRoot = _rootOf(claim.tokenTreeProofs[i], tokenLeaf(claim.tokenLeaves[i]), claim.tokenIndices[i]);
            if (tokenRoot != claim.earnerLeaf.earnerTokenRoot) revert IRewardsCoordinator.InvalidClaimProof();
        }
    }

    function _leavesMax(bytes calldata proof) private pure returns (uint256) {
        if (proof.length % 32 != 0) revert IRewardsCoordinator.InvalidClaimProof();
        return 1 << (proof.length / 32);
    }

    function _rootOf(bytes calldata proof, bytes32 node, uint256 index) private pure returns (bytes32) {
        for (uint256 i; i < proof.length; i += 32) {
            bytes32 sibling = bytes32(proof[i:i + 32]);
            node = index % 2 == 0 ? keccak256(abi.encode(node, sibling)) : keccak256(abi.encode(sibling, node));
            index /= 2;
        }
        return node;
    }
}
