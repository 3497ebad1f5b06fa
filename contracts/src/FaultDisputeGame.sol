// SPDX-License-Identifier: MIT
pragma solidity 0.8.15;

import { FaultDisputeGame as PackageFaultDisputeGame } from "src/dispute/FaultDisputeGame.sol";
import { IDelayedWETH } from "src/dispute/interfaces/IDelayedWETH.sol";
import { IAnchorStateRegistry } from "src/dispute/interfaces/IAnchorStateRegistry.sol";
import { IBigStepper } from "src/dispute/interfaces/IBigStepper.sol";
import { Claim, Duration, GameType } from "src/dispute/lib/Types.sol";

/// @title FaultDisputeGame
/// @notice The permissionless game of the contracts' package with the one view that later releases added and that
///         wallets' libraries now call on every game: `l2SequenceNumber`. It changes nothing else.
contract FaultDisputeGame is PackageFaultDisputeGame {
    /// @notice Takes the arguments of the package's game, in its order.
    constructor(
        GameType _gameType,
        Claim _absolutePrestate,
        uint256 _maxGameDepth,
        uint256 _splitDepth,
        Duration _clockExtension,
        Duration _maxClockDuration,
        IBigStepper _vm,
        IDelayedWETH _weth,
        IAnchorStateRegistry _anchorStateRegistry,
        uint256 _l2ChainId
    )
        PackageFaultDisputeGame(
            _gameType,
            _absolutePrestate,
            _maxGameDepth,
            _splitDepth,
            _clockExtension,
            _maxClockDuration,
            _vm,
            _weth,
            _anchorStateRegistry,
            _l2ChainId
        )
    { }

    /// @notice The number of the L2 block that the root claim stands for; the later name of `l2BlockNumber`.
    /// @return l2SequenceNumber_ The L2 block number.
    function l2SequenceNumber() external pure returns (uint256 l2SequenceNumber_) {
        l2SequenceNumber_ = l2BlockNumber();
    }
}
