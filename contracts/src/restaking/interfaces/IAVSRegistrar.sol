// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title IAVSRegistrar
/// @notice What an AVS answers when operators join and leave. Called by the AllocationManager after its own state has
///         changed: the operator is already a member, or already no longer one.
interface IAVSRegistrar {
    /// @notice An operator joins. A revert refuses it.
    function registerOperator(address operator, address avs, uint32[] calldata operatorSetIds, bytes calldata data)
        external;

    /// @notice An operator leaves or was ejected.
    /// @dev    WARNING: a revert keeps the operator from leaving. Never revert here.
    function deregisterOperator(address operator, address avs, uint32[] calldata operatorSetIds) external;

    /// @notice Whether this contract answers for `avs`; asked by `setAVSRegistrar`.
    function supportsAVS(address avs) external view returns (bool);
}
