// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/utils/math/Math.sol";

/// @title SlashingMath
/// @notice The arithmetic of stake, to the wei, with its roundings in one place.
/// @dev    Magnitudes taken round up and shares that stay round up: a slash takes no more shares than its part.
library SlashingMath {
    /// @notice One, in all fractions of this core.
    uint64 internal constant WAD = 1e18;

    /// @notice x * y / 1e18, rounded down.
    function mulWad(uint256 x, uint256 y) internal pure returns (uint256) {
        return Math.mulDiv(x, y, WAD);
    }

    /// @notice x * 1e18 / y, rounded down.
    function divWad(uint256 x, uint256 y) internal pure returns (uint256) {
        return Math.mulDiv(x, WAD, y);
    }

    /// @notice Magnitude that a slash of `wad` takes from `magnitude`, rounded up.
    function slashedMagnitude(uint64 magnitude, uint256 wad) internal pure returns (uint64) {
        return uint64(Math.mulDiv(magnitude, wad, WAD, Math.Rounding.Ceil));
    }

    /// @notice Shares lost when the maximum magnitude falls: what stays is rounded up.
    function slashedShares(uint256 shares, uint64 prevMax, uint64 newMax) internal pure returns (uint256) {
        return shares - Math.mulDiv(shares, newMax, prevMax, Math.Rounding.Ceil);
    }

    /// @notice Worth of deposit shares: rounded down twice.
    function withdrawable(uint256 depositShares, uint256 scalingFactor, uint256 slashingFactor)
        internal
        pure
        returns (uint256)
    {
        return mulWad(mulWad(depositShares, scalingFactor), slashingFactor);
    }

    /// @notice The deposit scaling factor after `added` shares join `previous` deposit shares, such that what was
    ///         withdrawable before grows by just `added`.
    /// @param slashingFactor Above 0.
    function rescale(uint256 scalingFactor, uint256 previous, uint256 added, uint256 slashingFactor)
        internal
        pure
        returns (uint256)
    {
        if (previous == 0) return divWad(scalingFactor, slashingFactor);
        uint256 worth = withdrawable(previous, scalingFactor, slashingFactor) + added;
        return divWad(divWad(worth, previous + added), slashingFactor);
    }
}
