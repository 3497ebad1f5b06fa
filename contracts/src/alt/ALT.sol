// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/access/Ownable.sol";
import {ERC20} from "@openzeppelin/token/ERC20/ERC20.sol";
import {ERC20Capped} from "@openzeppelin/token/ERC20/extensions/ERC20Capped.sol";
import {ERC20Permit} from "@openzeppelin/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/utils/Nonces.sol";

/// @title ALT
/// @notice The token of AltLayer: stake, votes and rewards. ERC-20 with permits (EIP-2612) and checkpointed votes
///         (ERC-5805). The supply never exceeds its cap, and only the owner, a timelock, mints.
contract ALT is ERC20, ERC20Permit, ERC20Votes, ERC20Capped, Ownable {
    /// @notice Ten billion ALT.
    uint256 public constant CAP = 10_000_000_000e18;

    /// @notice The owner has no code, so it cannot be a timelock.
    /// @param owner The refused owner.
    error OwnerNotContract(address owner);

    /// @param timelock        Owner: an OpenZeppelin TimelockController.
    /// @param initialHolder   Receives `initialSupply`.
    /// @param initialSupply   In wei of ALT, at most `CAP`.
    constructor(address timelock, address initialHolder, uint256 initialSupply)
        ERC20("AltLayer", "ALT")
        ERC20Permit("AltLayer")
        ERC20Capped(CAP)
        Ownable(timelock)
    {
        if (timelock.code.length == 0) revert OwnerNotContract(timelock);
        _mint(initialHolder, initialSupply);
    }

    /// @notice Creates tokens up to the cap. Only the timelock.
    /// @param to     Receives them.
    /// @param amount In wei of ALT.
    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20Permit
    function nonces(address account) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(account);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes, ERC20Capped) {
        super._update(from, to, value);
    }
}
