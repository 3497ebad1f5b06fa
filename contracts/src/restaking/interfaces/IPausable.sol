// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title IPausable
/// @notice Parts of a contract can be stopped, one bit a part. A service must live with a paused core: keep what it
///         wants to do and do it later.
interface IPausable {
    /// @notice Bits were set by `account`; the whole new word.
    event Paused(address indexed account, uint256 newPausedStatus);
    /// @notice Bits were cleared by `account`; the whole new word.
    event Unpaused(address indexed account, uint256 newPausedStatus);

    error CurrentlyPaused();
    error OnlyPauser();
    error OnlyUnpauser();
    /// @notice `pause` may only set bits, `unpause` only clear them.
    error InvalidNewPausedStatus();

    /// @notice Sets bits. Only the pauser.
    function pause(uint256 newPausedStatus) external;

    /// @notice Clears bits. Only the pauser.
    function unpause(uint256 newPausedStatus) external;

    /// @notice All bits.
    function paused() external view returns (uint256);

    /// @notice One bit.
    function paused(uint8 index) external view returns (bool);
}
