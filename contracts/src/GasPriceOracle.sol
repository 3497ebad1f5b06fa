// SPDX-License-Identifier: MIT
pragma solidity 0.8.15;

import { GasPriceOracle as PackageGasPriceOracle } from "src/L2/GasPriceOracle.sol";

/// @title GasPriceOracle
/// @notice The fee oracle of the contracts' package with the one view that a later release added and that wallets'
///         libraries now call on every chain before they name a total: `getOperatorFee`.
/// @dev    The fork that brings operator fees replaces this implementation with its own, as on every OP Stack chain.
contract GasPriceOracle is PackageGasPriceOracle {
    /// @notice The operator's share of a transaction's fee: nothing, since no fork before Isthmus charges one.
    /// @return Always zero.
    function getOperatorFee(uint256) external pure returns (uint256) {
        return 0;
    }
}
