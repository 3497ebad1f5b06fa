// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title IStrategy
/// @notice Holds one ERC-20 for stakers and counts it in shares.
/// @dev    WARNING: not for tokens that take a fee on transfer, rebase, or call back (ERC-777).
interface IStrategy {
    /// @notice Underlying tokens a share is worth, in 1e18ths.
    event ExchangeRateEmitted(uint256 rate);
    event StrategyTokenSet(address token, uint8 decimals);

    error OnlyStrategyManager();
    error OnlyUnderlyingToken();
    error NewSharesZero();
    error TotalSharesExceedsMax();
    error WithdrawalAmountExceedsTotalDeposits();

    /// @notice Credits `amount` of `token`, which the StrategyManager has just sent here. Only the StrategyManager.
    /// @return newShares Shares created.
    function deposit(address token, uint256 amount) external returns (uint256 newShares);

    /// @notice Pays `amountShares` out to `recipient` in `token`. Only the StrategyManager.
    /// @return amountOut Underlying tokens sent.
    function withdraw(address recipient, address token, uint256 amountShares) external returns (uint256 amountOut);

    /// @notice Called by the StrategyManager before `staker` is credited `shares`.
    function beforeAddShares(address staker, uint256 shares) external;

    /// @notice Called by the StrategyManager before `shares` are taken from `staker`.
    function beforeRemoveShares(address staker, uint256 shares) external;

    function sharesToUnderlying(uint256 amountShares) external returns (uint256);

    function underlyingToShares(uint256 amountUnderlying) external returns (uint256);

    function userUnderlying(address user) external returns (uint256);

    function shares(address user) external view returns (uint256);

    function sharesToUnderlyingView(uint256 amountShares) external view returns (uint256);

    function underlyingToSharesView(uint256 amountUnderlying) external view returns (uint256);

    function userUnderlyingView(address user) external view returns (uint256);

    function underlyingToken() external view returns (address);

    function totalShares() external view returns (uint256);

    function explanation() external view returns (string memory);
}
