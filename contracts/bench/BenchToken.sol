// SPDX-License-Identifier: MIT
pragma solidity 0.8.15;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title BenchToken
/// @notice The token of the benches: OpenZeppelin's ERC-20 as it is. Its supply stands in the genesis storage, so the
///         constructor never runs.
contract BenchToken is ERC20 {
    constructor() ERC20("Bench", "BENCH") { }
}
