// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Initializable} from "@openzeppelin/proxy/utils/Initializable.sol";
import {IERC20} from "@openzeppelin/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/utils/math/Math.sol";
import {IStrategy} from "./interfaces/IStrategy.sol";
import {IStrategyManager} from "./interfaces/IStrategyManager.sol";

/// @title StrategyBase
/// @notice Shares of a pot of one ERC-20.
/// @dev    Virtual shares and tokens, 1e3 of each, make it useless to inflate the price of the first share.
contract StrategyBase is IStrategy, Initializable {
    using SafeERC20 for IERC20;

    uint256 private constant SHARES_OFFSET = 1e3;
    uint256 private constant BALANCE_OFFSET = 1e3;
    uint256 private constant TOTAL_SHARES_MAX = 1e38 - 1;

    IStrategyManager public immutable strategyManager;
    address public underlyingToken;
    uint256 public totalShares;

    modifier onlyStrategyManager() {
        if (msg.sender != address(strategyManager)) revert OnlyStrategyManager();
        _;
    }

    constructor(address strategyManager_) {
        strategyManager = IStrategyManager(strategyManager_);
        _disableInitializers();
    }

    /// @notice Names the token, once.
    function initialize(address token) external initializer {
        underlyingToken = token;
        emit StrategyTokenSet(token, IERC20Metadata(token).decimals());
    }

    /// @inheritdoc IStrategy
    function deposit(address token, uint256 amount) external onlyStrategyManager returns (uint256 newShares) {
        if (token != underlyingToken) revert OnlyUnderlyingToken();
        uint256 before = _virtualBalance() - amount;
        newShares = Math.mulDiv(amount, totalShares + SHARES_OFFSET, before);
        if (newShares == 0) revert NewSharesZero();
        totalShares += newShares;
        if (totalShares > TOTAL_SHARES_MAX) revert TotalSharesExceedsMax();
        _emitRate();
    }

    /// @inheritdoc IStrategy
    function withdraw(address recipient, address token, uint256 amountShares)
        external
        onlyStrategyManager
        returns (uint256 amountOut)
    {
        if (token != underlyingToken) revert OnlyUnderlyingToken();
        if (amountShares > totalShares) revert WithdrawalAmountExceedsTotalDeposits();
        amountOut = sharesToUnderlyingView(amountShares);
        totalShares -= amountShares;
        IERC20(token).safeTransfer(recipient, amountOut);
        _emitRate();
    }

    /// @inheritdoc IStrategy
    function beforeAddShares(address, uint256) external onlyStrategyManager {}

    /// @inheritdoc IStrategy
    function beforeRemoveShares(address, uint256) external onlyStrategyManager {}

    function sharesToUnderlying(uint256 amountShares) external view returns (uint256) {
        return sharesToUnderlyingView(amountShares);
    }

    function underlyingToShares(uint256 amountUnderlying) external view returns (uint256) {
        return underlyingToSharesView(amountUnderlying);
    }

    function userUnderlying(address user) external view returns (uint256) {
        return userUnderlyingView(user);
    }

    /// @inheritdoc IStrategy
    function shares(address user) public view returns (uint256) {
        return strategyManager.stakerDepositShares(user, address(this));
    }

    /// @inheritdoc IStrategy
    function sharesToUnderlyingView(uint256 amountShares) public view returns (uint256) {
        return Math.mulDiv(_virtualBalance(), amountShares, totalShares + SHARES_OFFSET);
    }

    /// @inheritdoc IStrategy
    function underlyingToSharesView(uint256 amountUnderlying) public view returns (uint256) {
        return Math.mulDiv(amountUnderlying, totalShares + SHARES_OFFSET, _virtualBalance());
    }

    /// @inheritdoc IStrategy
    function userUnderlyingView(address user) public view returns (uint256) {
        return sharesToUnderlyingView(shares(user));
    }

    /// @inheritdoc IStrategy
    function explanation() external pure returns (string memory) {
        return "Shares of a pot of one ERC-20";
    }

    function _virtualBalance() private view returns (uint256) {
        return IERC20(underlyingToken).balanceOf(address(this)) + BALANCE_OFFSET;
    }

    function _emitRate() private {
        emit ExchangeRateEmitted(Math.mulDiv(_virtualBalance(), 1e18, totalShares + SHARES_OFFSET));
    }
}
