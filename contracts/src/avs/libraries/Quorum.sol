// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BN254} from "../../restaking/libraries/BN254.sol";
import {TableEntry, TableHeader} from "../interfaces/IMachTypes.sol";
import {IMachVerifier} from "../interfaces/IMachVerifier.sol";
import {MerkleRange} from "./MerkleRange.sol";
import {TableTree} from "./TableTree.sol";

/// @title Quorum
/// @notice Who signed: everybody in a table but the absent ones. Rules: docs/spec/mach.md, section 7.
library Quorum {
    /// @notice Reverts unless the header is the one that was committed for the epoch.
    function checkTable(TableHeader calldata header, uint64 epoch, bytes32 commitment) internal pure {
        bool right = commitment != 0 && header.epoch == epoch && keccak256(abi.encode(header)) == commitment;
        if (!right) revert IMachVerifier.WrongTable(epoch);
    }

    /// @notice Reverts unless `signed` is more than `numerator / denominator` of the total in every class.
    function checkThreshold(
        uint256[] memory signed,
        uint256[] memory total,
        uint256 numerator,
        uint256 denominator
    ) internal pure {
        for (uint256 c; c < signed.length; ++c) {
            if (signed[c] * denominator <= total[c] * numerator) {
                revert IMachVerifier.BelowThreshold(c, signed[c], total[c]);
            }
        }
    }

    /// @notice Key and weight, by class, of all in the table but the absent ones.
    function signers(TableHeader calldata header, TableEntry[] calldata absent)
        internal
        view
        returns (BN254.G1Point memory apk, uint256[] memory signed)
    {
        apk = BN254.G1Point(header.aggregateX, header.aggregateY);
        signed = header.active;
        if (absent.length == 0) return (apk, signed);
        BN254.G1Point memory missing;
        (uint256 depth, bytes32 root, uint256 next) = (header.depth, header.root, 0);
        for (uint256 i; i < absent.length; ++i) {
            TableEntry calldata entry = absent[i];
            uint256 index = entry.index;
            if (index < next || index >> depth != 0) revert IMachVerifier.AbsentOutOfOrder(uint32(index));
            next = index + 1;
            _checkEntry(entry, index, depth, root, signed);
            BN254.accumulate(missing, entry.key);
        }
        apk = BN254.add(apk, BN254.negate(missing));
    }

    /// @dev Finds an absent operator in the table, and takes its weights from those that signed.
    function _checkEntry(
        TableEntry calldata entry,
        uint256 index,
        uint256 depth,
        bytes32 root,
        uint256[] memory signed
    ) private pure {
        bytes32[] calldata path = entry.path;
        uint256[] calldata weights = entry.weights;
        bytes32 leaf = TableTree.leafCalldata(entry.operator, entry.key, weights);
        bool right = path.length == depth && weights.length == signed.length
            && MerkleRange.foldCalldata(leaf, index, path) == root;
        if (!right) revert IMachVerifier.NotInTable(uint32(index));
        for (uint256 c; c < weights.length; ++c) signed[c] -= weights[c];
    }
}
