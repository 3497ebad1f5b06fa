// SPDX-License-Identifier: MIT
pragma solidity 0.8.15;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title BenchPair
/// @notice A constant-product market of two tokens with a fee of 0.3 %, doing the work of a Uniswap v2 pair on every swap:
///         reserves in one slot, a lock, time-weighted prices, the invariant checked against real balances.
/// @dev Set up by genesis storage; `bench/src/contracts.ts` knows the layout. For benches only: liquidity cannot be taken out.
contract BenchPair {
    /// @notice The market's tokens (slots 0 and 1).
    IERC20 public token0;
    IERC20 public token1;

    /// @notice What the market holds, and when that last changed (slot 2).
    uint112 public reserve0;
    uint112 public reserve1;
    uint32 public updatedAt;

    /// @notice Prices summed over the seconds they held, as fixed-point numbers with 112 binary places (slots 3 and 4).
    uint256 public price0Sum;
    uint256 public price1Sum;

    uint256 private unlocked;

    /// @notice A trade was made.
    event Swap(address indexed sender, uint256 in0, uint256 in1, uint256 out0, uint256 out1, address indexed to);

    /// @notice The reserves changed.
    event Sync(uint112 reserve0, uint112 reserve1);

    error Locked();
    error NothingOut();
    error NothingIn();
    error Illiquid(uint256 out0, uint256 out1);
    error InvariantBroken(uint256 before, uint256 adjusted);
    error TransferFailed();

    /// @notice Sends out tokens that the caller has paid for beforehand.
    /// @param out0 Amount of `token0` to send out.
    /// @param out1 Amount of `token1` to send out.
    /// @param to   Receiver.
    function swap(uint256 out0, uint256 out1, address to) external {
        if (unlocked != 1) revert Locked();
        unlocked = 0;
        if (out0 == 0 && out1 == 0) revert NothingOut();
        (uint112 held0, uint112 held1) = (reserve0, reserve1);
        if (out0 >= held0 || out1 >= held1) revert Illiquid(out0, out1);

        if (out0 > 0 && !token0.transfer(to, out0)) revert TransferFailed();
        if (out1 > 0 && !token1.transfer(to, out1)) revert TransferFailed();
        uint256 balance0 = token0.balanceOf(address(this));
        uint256 balance1 = token1.balanceOf(address(this));
        uint256 in0 = balance0 > held0 - out0 ? balance0 - (held0 - out0) : 0;
        uint256 in1 = balance1 > held1 - out1 ? balance1 - (held1 - out1) : 0;
        if (in0 == 0 && in1 == 0) revert NothingIn();
        uint256 adjusted = (balance0 * 1000 - in0 * 3) * (balance1 * 1000 - in1 * 3);
        if (adjusted < uint256(held0) * held1 * 1e6) revert InvariantBroken(uint256(held0) * held1 * 1e6, adjusted);

        update(balance0, balance1, held0, held1);
        emit Swap(msg.sender, in0, in1, out0, out1, to);
        unlocked = 1;
    }

    function update(uint256 balance0, uint256 balance1, uint112 held0, uint112 held1) private {
        uint32 time = uint32(block.timestamp);
        unchecked {
            uint32 elapsed = time - updatedAt;
            if (elapsed > 0 && held0 > 0 && held1 > 0) {
                price0Sum += ((uint256(held1) << 112) / held0) * elapsed;
                price1Sum += ((uint256(held0) << 112) / held1) * elapsed;
            }
        }
        reserve0 = uint112(balance0);
        reserve1 = uint112(balance1);
        updatedAt = time;
        emit Sync(uint112(balance0), uint112(balance1));
    }
}
