// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Checkpoints} from "@openzeppelin/utils/structs/Checkpoints.sol";

/// @title ChurnLedger
/// @notice One asset class's weight over time: sums of what joined and what left, by L1 block. From
///         these come an epoch's total and how much may join. Rules: docs/spec/mach.md, section 7, churn.
library ChurnLedger {
    using Checkpoints for Checkpoints.Trace208;

    /// @dev What is active is what ever joined less what ever left: one slot written a change.
    struct Ledger {
        Checkpoints.Trace208 joined;
        Checkpoints.Trace208 left;
    }

    /// @dev A tenth may join in a window.
    uint256 internal constant CHURN_DIVISOR = 10;

    /// @notice Books a change of one operator's weight.
    function change(Ledger storage ledger, uint256 before, uint256 afterwards) internal {
        uint48 now_ = uint48(block.number);
        if (afterwards < before) ledger.left.push(now_, uint208(ledger.left.latest() + before - afterwards));
        if (afterwards > before) ledger.joined.push(now_, uint208(ledger.joined.latest() + afterwards - before));
    }

    function activeAt(Ledger storage ledger, uint256 blockNumber) internal view returns (uint256) {
        uint48 at = uint48(blockNumber);
        return ledger.joined.upperLookupRecent(at) - ledger.left.upperLookupRecent(at);
    }

    /// @notice Active weight, and with it what left in the `window` blocks up to `blockNumber`.
    /// @param start The service's first block: what left before is of no matter.
    function totalAt(Ledger storage ledger, uint256 blockNumber, uint256 start, uint256 window)
        internal
        view
        returns (uint256)
    {
        uint48 begin = uint48(blockNumber > start + window ? blockNumber - window : start);
        return ledger.joined.upperLookupRecent(uint48(blockNumber)) - ledger.left.upperLookupRecent(begin);
    }

    /// @notice How much may join in this block.
    /// @dev    What joins now counts in every window that began within the last `window` blocks, and in each it may be a
    ///         tenth of the total at that window's beginning. No such total is below what was in force when the oldest of
    ///         them began: the total then may be far above, with weight that the later ones have forgotten.
    /// @param start The service's first block; its table is free, and so is one that is empty with all that left.
    function room(Ledger storage ledger, uint256 start, uint256 window) internal view returns (uint256) {
        if (totalAt(ledger, block.number, start, window) == 0) return type(uint256).max;
        uint256 begin = block.number > start + window ? block.number - window : start;
        uint256 joined = ledger.joined.latest() - ledger.joined.upperLookupRecent(uint48(begin));
        uint256 limit = activeAt(ledger, begin) / CHURN_DIVISOR;
        return limit > joined ? limit - joined : 0;
    }
}
