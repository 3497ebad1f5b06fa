// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/governance/TimelockController.sol";

/// @title Timelock
/// @notice OpenZeppelin's TimelockController, under a name of this folder so that it is compiled with it. It owns ALT
///         and the services' parameters.
contract Timelock is TimelockController {
    /// @param minDelay  Seconds between a proposal and its execution.
    /// @param proposers May schedule and cancel.
    /// @param executors May execute; the zero address opens it to anybody.
    constructor(uint256 minDelay, address[] memory proposers, address[] memory executors)
        TimelockController(minDelay, proposers, executors, address(0))
    {}
}
