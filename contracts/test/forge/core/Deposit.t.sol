// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPausable} from "src/restaking/interfaces/IPausable.sol";
import {IStrategy} from "src/restaking/interfaces/IStrategy.sol";
import {IStrategyFactory} from "src/restaking/interfaces/IStrategyFactory.sol";
import {IStrategyManager} from "src/restaking/interfaces/IStrategyManager.sol";
import {Core} from "../Core.sol";
import {FeeToken, ReentrantToken} from "../Tokens.sol";

/// @notice depositIntoStrategy, its signed form, and the factory of strategies.
contract DepositTest is Core {
    function test_Deposit_credits_shares() external {
        _deposit(staker, 1000);
        vm.assertEq(sm.stakerDepositShares(staker, strategy), 1000);
        vm.assertEq(IStrategy(strategy).totalShares(), 1000);
        vm.assertEq(token.balanceOf(strategy), 1000);
        vm.assertEq(IStrategy(strategy).userUnderlyingView(staker), 1000);
    }

    function test_Signed_deposit_spends_its_nonce() external {
        uint256 key = 0xB0B;
        address signer = vm.addr(key);
        token.mint(address(this), 100);
        token.approve(address(sm), 100);
        bytes32 digest =
            sm.calculateStrategyDepositDigestHash(signer, strategy, address(token), 50, 0, block.timestamp);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes memory signature = abi.encodePacked(r, s, v);
        sm.depositIntoStrategyWithSignature(strategy, address(token), 50, signer, block.timestamp, signature);
        vm.assertEq(sm.stakerDepositShares(signer, strategy), 50);
        vm.expectRevert(IStrategyManager.InvalidSignature.selector);
        sm.depositIntoStrategyWithSignature(strategy, address(token), 50, signer, block.timestamp, signature);
        vm.expectRevert(IStrategyManager.SignatureExpired.selector);
        sm.depositIntoStrategyWithSignature(strategy, address(token), 50, signer, block.timestamp - 1, signature);
    }

    function test_Fee_on_transfer_token_is_refused() external {
        FeeToken fee = new FeeToken();
        address feeStrategy = factory.deployNewStrategy(address(fee));
        fee.mint(staker, 1000);
        vm.startPrank(staker);
        fee.approve(address(sm), 1000);
        vm.expectRevert(IStrategyManager.TransferAmountMismatch.selector);
        sm.depositIntoStrategy(feeStrategy, address(fee), 1000);
    }

    function test_Reentrant_token_gets_no_second_deposit() external {
        ReentrantToken hostile = new ReentrantToken();
        address hostileStrategy = factory.deployNewStrategy(address(hostile));
        hostile.mint(staker, 1000);
        hostile.mint(address(hostile), 1000);
        vm.prank(address(hostile));
        hostile.approve(address(sm), 1000);
        hostile.arm(
            address(sm), abi.encodeCall(sm.depositIntoStrategy, (hostileStrategy, address(hostile), uint256(1)))
        );
        vm.startPrank(staker);
        hostile.approve(address(sm), 1000);
        sm.depositIntoStrategy(hostileStrategy, address(hostile), 1000);
        vm.assertGt(hostile.attempts(), 0);
        vm.assertEq(hostile.successes(), 0);
    }

    function test_Refusals() external {
        token.mint(address(this), 10);
        token.approve(address(sm), 10);
        vm.expectRevert(IStrategyManager.StrategyNotWhitelisted.selector);
        sm.depositIntoStrategy(address(0xBAD), address(token), 1);
        vm.expectRevert(IStrategyFactory.StrategyAlreadyExists.selector);
        factory.deployNewStrategy(address(token));
        vm.expectRevert(IStrategy.OnlyStrategyManager.selector);
        IStrategy(strategy).deposit(address(token), 1);
        vm.expectRevert(IStrategyManager.OnlyDelegationManager.selector);
        sm.addShares(staker, strategy, 1);
        vm.expectRevert(IStrategyManager.OnlyDelegationManager.selector);
        sm.withdrawSharesAsTokens(staker, strategy, address(token), 1);
        _pause(address(sm), 1);
        vm.expectRevert(IPausable.CurrentlyPaused.selector);
        sm.depositIntoStrategy(strategy, address(token), 1);
    }

    function test_Blacklisted_token_takes_no_more_deposits() external {
        factory.blacklistTokens(_one(address(token)));
        vm.assertFalse(sm.strategyIsWhitelistedForDeposit(strategy));
    }

    function test_At_most_32_strategies_a_staker() external {
        for (uint256 i; i < 32; ++i) {
            (token, strategy) = _newStrategy();
            _deposit(staker, 1);
        }
        (token, strategy) = _newStrategy();
        token.mint(staker, 1);
        vm.startPrank(staker);
        token.approve(address(sm), 1);
        vm.expectRevert(IStrategyManager.MaxStrategiesExceeded.selector);
        sm.depositIntoStrategy(strategy, address(token), 1);
    }

    /// @dev A gift to the pot before the first deposit does not let the giver take it.
    function testFuzz_Inflating_the_first_share_does_not_pay(uint256 gift, uint256 amount) external {
        gift = _bound(gift, 1, 1e30);
        // Less would be worth no share, and is refused.
        amount = _bound(amount, 2 + gift / 1000, 1e31);
        _deposit(address(0xE71), 1);
        token.mint(strategy, gift);
        _deposit(staker, amount);
        uint256 thief = IStrategy(strategy).userUnderlyingView(address(0xE71));
        vm.assertLe(thief, 1 + gift);
    }
}
