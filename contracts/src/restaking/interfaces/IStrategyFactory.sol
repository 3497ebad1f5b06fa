// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title IStrategyFactory
/// @notice Anybody deploys the one strategy of a token; it is open for deposits at once.
interface IStrategyFactory {
    event StrategySetForToken(address token, address strategy);
    event TokenBlacklisted(address token);

    error BlacklistedToken();
    error StrategyAlreadyExists();
    error AlreadyBlacklisted();

    /// @notice Deploys and whitelists the strategy of `token`.
    function deployNewStrategy(address token) external returns (address newStrategy);

    /// @notice Closes `tokens` for new strategies, and their strategies for deposits. Only the owner.
    function blacklistTokens(address[] calldata tokens) external;

    /// @notice The strategy of `token`; zero while there is none.
    function deployedStrategies(address token) external view returns (address);

    function isBlacklisted(address token) external view returns (bool);
}
