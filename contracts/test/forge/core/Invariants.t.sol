// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {IDelegationManager} from "src/restaking/interfaces/IDelegationManager.sol";
import {IStrategy} from "src/restaking/interfaces/IStrategy.sol";
import {Core} from "../Core.sol";

/// @notice Random stakers, operators and slashes on one strategy and three sets.
contract CoreHandler is Core {
    uint256 internal constant OPERATORS = 3;
    uint256 internal constant STAKERS = 4;
    uint32 internal constant SETS = 3;
    mapping(bytes32 action => uint256) public reached;

    function setUp() public override {
        super.setUp();
        _announce();
        for (uint32 id = 1; id <= SETS; ++id) _createSet(id, id == 1 ? address(0xCAFE) : address(0));
        for (uint256 i; i < OPERATORS; ++i) {
            _registerOperator(operatorAt(i), uint32(i * 3));
            _deposit(operatorAt(i), 1e18);
            _join(operatorAt(i), uint32(1 + i));
        }
    }

    function operatorAt(uint256 i) public pure returns (address) {
        return address(uint160(0x0A00 + i % OPERATORS));
    }

    function stakerAt(uint256 i) public pure returns (address) {
        uint256 n = i % (STAKERS + OPERATORS);
        return n < STAKERS ? address(uint160(0x5700 + n)) : operatorAt(n - STAKERS);
    }

    function _id(uint256 seed) private pure returns (uint32) {
        return uint32(1 + seed % SETS);
    }

    function deposit(uint256 who, uint256 amount) external {
        _deposit(stakerAt(who), _bound(amount, 1, 1e24));
        ++reached["deposit"];
    }

    function delegate(uint256 who, uint256 to) external {
        _delegate(stakerAt(who), operatorAt(to));
        ++reached["delegate"];
    }

    function undelegate(uint256 who) external {
        vm.prank(stakerAt(who));
        dm.undelegate(stakerAt(who));
        ++reached["undelegate"];
    }

    function join(uint256 who, uint256 set) external {
        _join(operatorAt(who), _id(set));
        ++reached["join"];
    }

    function leave(uint256 who, uint256 set) external {
        _leave(operatorAt(who), _id(set));
        ++reached["leave"];
    }

    function allocate(uint256 who, uint256 set, uint256 magnitude) external {
        uint256 free = am.getAllocatableMagnitude(operatorAt(who), strategy);
        uint256 held = am.getAllocation(operatorAt(who), _set(_id(set)), strategy).currentMagnitude;
        _allocate(operatorAt(who), _id(set), uint64(_bound(magnitude, 0, free + held)));
        ++reached["allocate"];
    }

    function slash(uint256 who, uint256 set, uint256 wad) external {
        (, uint256 shares) = _slash(operatorAt(who), _id(set), _bound(wad, 1, 0.7e18));
        if (shares > 0) ++reached["slash"];
    }

    function queue(uint256 who, uint256 part) external {
        uint256 held = sm.stakerDepositShares(stakerAt(who), strategy);
        if (held == 0) return;
        _queue(stakerAt(who), _bound(part, 1, held));
        ++reached["queue"];
    }

    function complete(uint256 who, bool asTokens) external {
        (IDelegationManager.Withdrawal[] memory list,) = dm.getQueuedWithdrawals(stakerAt(who));
        if (list.length == 0) return;
        vm.prank(stakerAt(who));
        dm.completeQueuedWithdrawal(list[0], _one(address(token)), asTokens);
        ++reached["complete"];
    }

    function clear(uint256 set) external {
        uint256[] memory ids = sm.getPendingSlashIds(_set(_id(set)));
        if (ids.length == 0) return;
        sm.clearBurnOrRedistributableShares(_set(_id(set)), ids[0]);
        ++reached["clear"];
    }

    function mine(uint256 blocks) external {
        _mine(_bound(blocks, 1, 40));
    }

    /// @dev Magnitudes: (sum over sets of what is current or on its way, encumbered, maximum).
    function magnitudes(address who) external view returns (uint256 allocated, uint256 encumbered, uint256 max) {
        for (uint32 id = 1; id <= SETS; ++id) {
            IAllocationManager.Allocation memory allocation = am.getAllocation(who, _set(id), strategy);
            allocated += allocation.currentMagnitude;
            if (allocation.pendingDiff > 0) allocated += uint256(int256(allocation.pendingDiff));
        }
        return (allocated, am.getEncumberedMagnitude(who, strategy), am.getMaxMagnitude(who, strategy));
    }

    /// @dev Shares: (what stakers, the queue and slashes may claim, what the strategy counts).
    function shares() external view returns (uint256 claimed, uint256 total) {
        for (uint256 i; i < STAKERS + OPERATORS; ++i) {
            (uint256[] memory withdrawable,) = dm.getWithdrawableShares(stakerAt(i), _one(strategy));
            claimed += withdrawable[0];
            (, uint256[][] memory queued) = dm.getQueuedWithdrawals(stakerAt(i));
            for (uint256 j; j < queued.length; ++j) claimed += queued[j][0];
        }
        for (uint32 id = 1; id <= SETS; ++id) {
            uint256[] memory ids = sm.getPendingSlashIds(_set(id));
            for (uint256 j; j < ids.length; ++j) {
                claimed += sm.getBurnOrRedistributableShares(_set(id), ids[j], strategy);
            }
        }
        return (claimed, IStrategy(strategy).totalShares());
    }

    /// @dev (what an operator's stakers may withdraw, its shares, what all its sets can slash).
    function delegated(address who) external view returns (uint256 withdrawable, uint256 held, uint256 slashable) {
        for (uint256 i; i < STAKERS + OPERATORS; ++i) {
            if (dm.delegatedTo(stakerAt(i)) != who) continue;
            (uint256[] memory one,) = dm.getWithdrawableShares(stakerAt(i), _one(strategy));
            withdrawable += one[0];
        }
        for (uint32 id = 1; id <= SETS; ++id) slashable += _slashable(who, id, block.number);
        held = dm.operatorShares(who, strategy);
    }

    function backing() external view returns (uint256 tokens, uint256 worth) {
        return (
            token.balanceOf(strategy),
            IStrategy(strategy).sharesToUnderlyingView(IStrategy(strategy).totalShares())
        );
    }
}

contract CoreInvariantsTest is Core {
    CoreHandler private handler;

    function setUp() public override {
        handler = new CoreHandler();
        handler.setUp();
    }

    function targetContracts() public view returns (address[] memory) {
        return _one(address(handler));
    }

    function targetSelectors() public view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        list[0].addr = address(handler);
        list[0].selectors = new bytes4[](11);
        list[0].selectors[0] = CoreHandler.deposit.selector;
        list[0].selectors[1] = CoreHandler.delegate.selector;
        list[0].selectors[2] = CoreHandler.undelegate.selector;
        list[0].selectors[3] = CoreHandler.join.selector;
        list[0].selectors[4] = CoreHandler.leave.selector;
        list[0].selectors[5] = CoreHandler.allocate.selector;
        list[0].selectors[6] = CoreHandler.slash.selector;
        list[0].selectors[7] = CoreHandler.queue.selector;
        list[0].selectors[8] = CoreHandler.complete.selector;
        list[0].selectors[9] = CoreHandler.clear.selector;
        list[0].selectors[10] = CoreHandler.mine.selector;
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Each unit of magnitude stands behind one set, and none above the maximum.
    function invariant_Unique_stake() external view {
        for (uint256 i; i < 3; ++i) {
            (uint256 allocated, uint256 encumbered, uint256 max) = handler.magnitudes(handler.operatorAt(i));
            vm.assertEq(allocated, encumbered, "what is allocated is encumbered");
            vm.assertLe(encumbered, max, "encumbered is within the maximum");
            vm.assertLe(max, 1e18, "the maximum never grows");
        }
    }

    /// @dev Nobody can claim a share that the strategy does not count, and each counted share has its token.
    function invariant_Conservation_of_shares() external view {
        (uint256 claimed, uint256 total) = handler.shares();
        vm.assertLe(claimed, total, "claims are within the strategy's shares");
        (uint256 tokens, uint256 worth) = handler.backing();
        vm.assertLe(worth, tokens, "shares are within the strategy's tokens");
    }

    /// @dev An operator's shares cover its stakers, and all its sets together slash no more than it has.
    function invariant_Operator_covers_its_stakers() external view {
        for (uint256 i; i < 3; ++i) {
            (uint256 withdrawable, uint256 held, uint256 slashable) = handler.delegated(handler.operatorAt(i));
            vm.assertLe(withdrawable, held, "stakers are within the operator's shares");
            vm.assertLe(slashable, held, "sets are within the operator's shares");
        }
    }

    /// @dev The generator is worth something: a fixed walk reaches every action.
    function test_Handler_reaches_every_action() external {
        bytes32[10] memory actions = [
            bytes32("deposit"), "delegate", "undelegate", "join", "leave", "allocate", "slash", "queue", "complete",
            "clear"
        ];
        for (uint256 i; i < 600; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            (uint256 a, uint256 b, uint256 c) = (seed >> 8 & 0xff, seed >> 16 & 0xff, seed >> 24);
            bytes[11] memory calls = [
                abi.encodeCall(handler.deposit, (a, c)),
                abi.encodeCall(handler.delegate, (a, b)),
                abi.encodeCall(handler.undelegate, (a)),
                abi.encodeCall(handler.join, (a, b)),
                abi.encodeCall(handler.leave, (a, b)),
                abi.encodeCall(handler.allocate, (a, b, c)),
                abi.encodeCall(handler.slash, (a, b, c)),
                abi.encodeCall(handler.queue, (a, c)),
                abi.encodeCall(handler.complete, (a, c % 2 == 0)),
                abi.encodeCall(handler.clear, (b)),
                abi.encodeCall(handler.mine, (c))
            ];
            (bool success,) = address(handler).call(calls[seed % 11]);
            success;
        }
        for (uint256 i; i < actions.length; ++i) vm.assertGt(handler.reached(actions[i]), 0);
        (uint256 claimed, uint256 total) = handler.shares();
        vm.assertLe(claimed, total);
    }
}
