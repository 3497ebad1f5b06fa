import { createRequire } from "node:module";
import type { Abi, Hex } from "viem";

/** A token of which everything is known: its source, and what the compiler makes of it. */
export const GOLD_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

contract Gold {
  string public name = "Gold";
  string public symbol = "GLD";
  uint8 public constant decimals = 6;
  uint256 public totalSupply;
  mapping(address => uint256) public balanceOf;
  mapping(address => mapping(address => uint256)) public allowance;
  event Transfer(address indexed from, address indexed to, uint256 value);
  event Engraved(address indexed by, string words);

  constructor() {
    totalSupply = 1_000e6;
    balanceOf[msg.sender] = totalSupply;
    emit Transfer(address(0), msg.sender, totalSupply);
  }

  function approve(address spender, uint256 amount) external returns (bool) {
    allowance[msg.sender][spender] = amount;
    return true;
  }

  function transfer(address to, uint256 amount) external returns (bool) {
    return _move(msg.sender, to, amount);
  }

  function transferFrom(address from, address to, uint256 amount) external returns (bool) {
    allowance[from][msg.sender] -= amount;
    return _move(from, to, amount);
  }

  function engrave(string calldata words) external {
    emit Engraved(msg.sender, words);
  }

  function _move(address from, address to, uint256 amount) private returns (bool) {
    balanceOf[from] -= amount;
    balanceOf[to] += amount;
    emit Transfer(from, to, amount);
    return true;
  }
}
`;
export const GOLD_RUNS = 200;

/** The token as the form's settings make it. */
export function compileGold(): { readonly abi: Abi; readonly bytecode: Hex } {
  const solc = createRequire(import.meta.url)("solc-0.8.30") as { compile(input: string): string };
  const input = {
    language: "Solidity",
    sources: { "Contract.sol": { content: GOLD_SOURCE } },
    settings: {
      optimizer: { enabled: true, runs: GOLD_RUNS },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const { contracts } = JSON.parse(solc.compile(JSON.stringify(input))) as {
    contracts: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>;
  };
  const { abi, evm } = contracts["Contract.sol"]!.Gold!;
  return { abi, bytecode: `0x${evm.bytecode.object}` };
}
