// SPDX-License-Identifier: MIT
pragma solidity 0.8.15;

import { SystemConfig as PackageSystemConfig } from "src/L1/SystemConfig.sol";
import { ConfigUpdates } from "./ConfigUpdates.sol";

/// @title SystemConfig
/// @notice The system configuration of the contracts' package, with two setters that it lacks:
///         a block gas limit above 200,000,000, and the EIP-1559 parameters of the Holocene upgrade.
///         Both announce themselves by the `ConfigUpdate` event, from which every OP Stack derivation reads them.
/// @dev    The new variables follow those of the package, so that its storage layout stays as it is.
contract SystemConfig is PackageSystemConfig {
    /// @notice The bound of `setBlockGasLimit`. Ten billion gas a block is far above what an EVM executes in a
    ///         second today; the bound catches a slip of the hand rather than judging a chain's capacity.
    uint64 public constant BLOCK_GAS_LIMIT_BOUND = 10_000_000_000;

    /// @notice Denominator of the base fee's change per block since Holocene. Zero: never set here.
    uint32 public eip1559Denominator;

    /// @notice Gas limit over gas target since Holocene. Zero: never set here.
    uint32 public eip1559Elasticity;

    /// @notice The gas limit lies outside of the bounds.
    /// @param gasLimit The refused value.
    /// @param minimum  The lowest value allowed: what deposits and the system transaction may use in a block.
    /// @param maximum  The highest value allowed.
    error BlockGasLimitOutOfBounds(uint64 gasLimit, uint64 minimum, uint64 maximum);

    /// @notice An EIP-1559 parameter is zero, which derivation would read as "not set".
    /// @param denominator The denominator that was passed.
    /// @param elasticity  The elasticity that was passed.
    error EIP1559ParameterZero(uint32 denominator, uint32 elasticity);

    /// @notice Semantic version: the package's, marked as extended.
    function version() public pure override returns (string memory) {
        return "2.3.0-beta.2+altlayer.1";
    }

    /// @notice Sets the L2 block gas limit within this contract's bound. Only the owner may call it.
    /// @param _gasLimit The new gas limit, from `minimumGasLimit()` to `BLOCK_GAS_LIMIT_BOUND`.
    function setBlockGasLimit(uint64 _gasLimit) external onlyOwner {
        if (_gasLimit < minimumGasLimit() || _gasLimit > BLOCK_GAS_LIMIT_BOUND) {
            revert BlockGasLimitOutOfBounds(_gasLimit, minimumGasLimit(), BLOCK_GAS_LIMIT_BOUND);
        }

        gasLimit = _gasLimit;

        emit ConfigUpdate(VERSION, UpdateType.GAS_LIMIT, abi.encode(_gasLimit));
    }

    /// @notice Sets the EIP-1559 parameters of L2 since Holocene. Only the owner may call it.
    /// @param _denominator Base fee change denominator, at least 1.
    /// @param _elasticity  Elasticity multiplier, at least 1.
    function setEIP1559Params(uint32 _denominator, uint32 _elasticity) external onlyOwner {
        if (_denominator == 0 || _elasticity == 0) revert EIP1559ParameterZero(_denominator, _elasticity);

        eip1559Denominator = _denominator;
        eip1559Elasticity = _elasticity;

        ConfigUpdates.emitEIP1559Params(VERSION, _denominator, _elasticity);
    }
}
