// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TableEntry} from "../interfaces/IMachTypes.sol";

/// @title Bitmap
/// @notice Sets of table indices: bit i of byte i/8, counted from the low end. Rules: docs/spec/mach.md, section 7.
library Bitmap {
    /// @notice The indices of `entries` in a bitmap for a table of `depth`.
    function from(TableEntry[] calldata entries, uint32 depth) internal pure returns (bytes memory bitmap) {
        bitmap = new bytes(((uint256(1) << depth) + 7) / 8);
        for (uint256 i; i < entries.length; ++i) {
            uint256 index = entries[i].index;
            bitmap[index / 8] |= bytes1(uint8(1 << (index % 8)));
        }
    }

    function has(bytes calldata bitmap, uint256 index) internal pure returns (bool) {
        return uint8(bitmap[index / 8]) >> (index % 8) & 1 == 1;
    }
}
