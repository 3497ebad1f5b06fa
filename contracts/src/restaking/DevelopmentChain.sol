// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title DevelopmentChain
/// @notice Refuses to exist on a public chain. This restaking core is a fixture for development and tests of services;
///         where stake has a value, EigenLayer's own contracts are the core.
abstract contract DevelopmentChain {
    /// @notice Deployment on a public chain.
    /// @param chainId The chain's id.
    error PublicChain(uint256 chainId);

    constructor() {
        if (_isPublic(block.chainid)) revert PublicChain(block.chainid);
    }

    /// @dev Ethereum and its test networks, then the larger rollups and other EVM chains.
    function _isPublic(uint256 id) private pure returns (bool) {
        if (id == 1 || id == 5 || id == 17000 || id == 560048 || id == 11155111) return true;
        if (id == 10 || id == 11155420 || id == 8453 || id == 84532 || id == 130 || id == 480 || id == 1868) return true;
        if (id == 42161 || id == 42170 || id == 421614 || id == 324 || id == 1101 || id == 59144) return true;
        if (id == 534352 || id == 81457 || id == 5000 || id == 57073 || id == 34443 || id == 7777777) return true;
        return id == 56 || id == 97 || id == 100 || id == 137 || id == 80002 || id == 250 || id == 43114 || id == 43113;
    }
}
