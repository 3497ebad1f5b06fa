// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/access/Ownable.sol";
import {Clones} from "@openzeppelin/proxy/Clones.sol";
import {DevelopmentChain} from "./DevelopmentChain.sol";
import {IStrategyFactory} from "./interfaces/IStrategyFactory.sol";
import {IStrategyManager} from "./interfaces/IStrategyManager.sol";
import {StrategyBase} from "./StrategyBase.sol";

/// @title StrategyFactory
contract StrategyFactory is IStrategyFactory, Ownable, DevelopmentChain {
    IStrategyManager public immutable strategyManager;
    address public immutable implementation;

    mapping(address token => address) public deployedStrategies;
    mapping(address token => bool) public isBlacklisted;

    constructor(address strategyManager_, address owner_) Ownable(owner_) {
        strategyManager = IStrategyManager(strategyManager_);
        implementation = address(new StrategyBase(strategyManager_));
    }

    /// @inheritdoc IStrategyFactory
    function deployNewStrategy(address token) external returns (address newStrategy) {
        if (isBlacklisted[token]) revert BlacklistedToken();
        if (deployedStrategies[token] != address(0)) revert StrategyAlreadyExists();

        newStrategy = Clones.clone(implementation);
        deployedStrategies[token] = newStrategy;
        emit StrategySetForToken(token, newStrategy);

        StrategyBase(newStrategy).initialize(token);
        strategyManager.addStrategiesToDepositWhitelist(_one(newStrategy));
    }

    /// @inheritdoc IStrategyFactory
    function blacklistTokens(address[] calldata tokens) external onlyOwner {
        for (uint256 i; i < tokens.length; ++i) {
            if (isBlacklisted[tokens[i]]) revert AlreadyBlacklisted();
            isBlacklisted[tokens[i]] = true;
            emit TokenBlacklisted(tokens[i]);
            address strategy = deployedStrategies[tokens[i]];
            if (strategy != address(0)) strategyManager.removeStrategiesFromDepositWhitelist(_one(strategy));
        }
    }

    function _one(address strategy) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = strategy;
    }
}
