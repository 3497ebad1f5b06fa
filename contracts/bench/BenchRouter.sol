// SPDX-License-Identifier: MIT
pragma solidity 0.8.15;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { BenchPair } from "contracts/bench/BenchPair.sol";

/// @title BenchRouter
/// @notice Finds the market of two tokens and trades on it for the caller, who has approved the router.
contract BenchRouter {
    /// @notice The market that takes the first token and gives the second (slot 0, set by genesis storage).
    mapping(address => mapping(address => BenchPair)) public pairOf;

    error UnknownPair(address tokenIn, address tokenOut);
    error TooLittleOut(uint256 out, uint256 wanted);
    error TransferFailed();

    /// @notice Pays `amountIn` of one token for as much of the other as the market gives.
    /// @param tokenIn   Token that is paid.
    /// @param tokenOut  Token that is bought.
    /// @param amountIn  Amount paid.
    /// @param minimum   Least amount to accept.
    /// @return out      Amount bought.
    function swapExactIn(address tokenIn, address tokenOut, uint256 amountIn, uint256 minimum) external returns (uint256 out) {
        BenchPair pair = pairOf[tokenIn][tokenOut];
        if (address(pair) == address(0)) revert UnknownPair(tokenIn, tokenOut);
        bool zeroForOne = tokenIn < tokenOut;
        (uint256 heldIn, uint256 heldOut) =
            zeroForOne ? (pair.reserve0(), pair.reserve1()) : (pair.reserve1(), pair.reserve0());
        uint256 paid = amountIn * 997;
        out = (paid * heldOut) / (heldIn * 1000 + paid);
        if (out < minimum) revert TooLittleOut(out, minimum);
        if (!IERC20(tokenIn).transferFrom(msg.sender, address(pair), amountIn)) revert TransferFailed();
        (uint256 out0, uint256 out1) = zeroForOne ? (uint256(0), out) : (out, uint256(0));
        pair.swap(out0, out1, msg.sender);
    }
}
