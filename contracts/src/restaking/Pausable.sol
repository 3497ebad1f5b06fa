// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPausable} from "./interfaces/IPausable.sol";

/// @title Pausable
/// @notice One bit a part of the contract, set and cleared by one address.
abstract contract Pausable is IPausable {
    address public immutable pauser;
    uint256 private _paused;

    modifier onlyWhenNotPaused(uint8 index) {
        if (paused(index)) revert CurrentlyPaused();
        _;
    }

    constructor(address pauser_) {
        pauser = pauser_;
    }

    /// @inheritdoc IPausable
    function pause(uint256 newPausedStatus) external {
        if (msg.sender != pauser) revert OnlyPauser();
        if (_paused & newPausedStatus != _paused) revert InvalidNewPausedStatus();
        _paused = newPausedStatus;
        emit Paused(msg.sender, newPausedStatus);
    }

    /// @inheritdoc IPausable
    function unpause(uint256 newPausedStatus) external {
        if (msg.sender != pauser) revert OnlyUnpauser();
        if (~_paused & ~newPausedStatus != ~_paused) revert InvalidNewPausedStatus();
        _paused = newPausedStatus;
        emit Unpaused(msg.sender, newPausedStatus);
    }

    /// @inheritdoc IPausable
    function paused() external view returns (uint256) {
        return _paused;
    }

    /// @inheritdoc IPausable
    function paused(uint8 index) public view returns (bool) {
        return _paused & (uint256(1) << index) != 0;
    }
}
