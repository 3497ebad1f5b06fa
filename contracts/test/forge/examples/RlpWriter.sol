// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice RLP (Yellow Paper, appendix B), as far as receipts need it.
library RlpWriter {
    function bytesOf(bytes memory data) internal pure returns (bytes memory) {
        if (data.length == 1 && uint8(data[0]) < 0x80) return data;
        return abi.encodePacked(_head(data.length, 0x80), data);
    }

    /// @dev Below 2^16: gas and status.
    function numberOf(uint256 value) internal pure returns (bytes memory) {
        if (value == 0) return bytesOf("");
        return bytesOf(value < 0x100 ? abi.encodePacked(uint8(value)) : abi.encodePacked(uint16(value)));
    }

    function listOf(bytes[] memory items) internal pure returns (bytes memory list) {
        for (uint256 i; i < items.length; ++i) list = abi.encodePacked(list, items[i]);
        return abi.encodePacked(_head(list.length, 0xc0), list);
    }

    function _head(uint256 length, uint8 base) private pure returns (bytes memory) {
        if (length < 56) return abi.encodePacked(uint8(base + length));
        if (length < 0x100) return abi.encodePacked(base + 56, uint8(length));
        return abi.encodePacked(base + 57, uint16(length));
    }
}
