// SPDX-License-Identifier: MIT
pragma solidity 0.8.15;

/// @title ConfigUpdates
/// @notice Emits those updates of the system configuration whose type the package's enumeration does not know yet.
/// @dev    An enumeration cannot be extended, and a contract cannot declare an inherited event again. A library can:
///         its `uint8` has the ABI type of an enumeration, so the topic and the data are those of the package's event.
library ConfigUpdates {
    /// @notice Update type of the EIP-1559 parameters (OP Stack specification, Holocene, system configuration).
    uint8 internal constant EIP_1559_PARAMS = 4;

    /// @notice Emitted when configuration is updated.
    /// @param version    SystemConfig version.
    /// @param updateType Type of update.
    /// @param data       Encoded update data.
    event ConfigUpdate(uint256 indexed version, uint8 indexed updateType, bytes data);

    /// @notice Announces new EIP-1559 parameters.
    /// @param _version     SystemConfig version.
    /// @param _denominator Base fee change denominator.
    /// @param _elasticity  Elasticity multiplier.
    function emitEIP1559Params(uint256 _version, uint32 _denominator, uint32 _elasticity) internal {
        emit ConfigUpdate(_version, EIP_1559_PARAMS, abi.encode((uint256(_denominator) << 32) | uint256(_elasticity)));
    }
}
