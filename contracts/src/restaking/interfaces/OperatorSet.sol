// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice An operator set: a number within an AVS. The core knows it by its key, see `OperatorSetLib`.
struct OperatorSet {
    address avs;
    uint32 id;
}

/// @title OperatorSetLib
/// @notice Packs an operator set into one word and back.
library OperatorSetLib {
    /// @notice avs (20 bytes) followed by uint96(id).
    function key(OperatorSet memory set) internal pure returns (bytes32) {
        return bytes32(abi.encodePacked(set.avs, uint96(set.id)));
    }

    /// @notice The set of a key.
    function decode(bytes32 setKey) internal pure returns (OperatorSet memory) {
        return OperatorSet({avs: address(uint160(uint256(setKey) >> 96)), id: uint32(uint256(setKey))});
    }
}
