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
export const compileGold = (): { readonly abi: Abi; readonly bytecode: Hex } => compile(GOLD_SOURCE, "Gold");

/** A rollup's token that the bridge may mint, and that refuses to be minted until it is opened. */
const SHY_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

contract Shy {
  string public name = "Shy";
  string public symbol = "SHY";
  uint8 public constant decimals = 6;
  uint256 public totalSupply;
  mapping(address => uint256) public balanceOf;
  address public immutable remoteToken;
  bool private isOpen;
  event Transfer(address indexed from, address indexed to, uint256 value);

  constructor(address remote) {
    remoteToken = remote;
  }

  function l1Token() external view returns (address) {
    return remoteToken;
  }

  function supportsInterface(bytes4 id) external pure returns (bool) {
    return id != 0xffffffff;
  }

  function open() external {
    isOpen = true;
  }

  function mint(address to, uint256 amount) external {
    require(isOpen, "too shy");
    totalSupply += amount;
    balanceOf[to] += amount;
    emit Transfer(address(0), to, amount);
  }
}
`;
export const compileShy = (): { readonly abi: Abi; readonly bytecode: Hex } => compile(SHY_SOURCE, "Shy");

function compile(source: string, contract: string): { readonly abi: Abi; readonly bytecode: Hex } {
  const solc = createRequire(import.meta.url)("solc-0.8.30") as { compile(input: string): string };
  const input = {
    language: "Solidity",
    sources: { "Contract.sol": { content: source } },
    settings: {
      optimizer: { enabled: true, runs: GOLD_RUNS },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const { contracts } = JSON.parse(solc.compile(JSON.stringify(input))) as {
    contracts: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>;
  };
  const { abi, evm } = contracts["Contract.sol"]![contract]!;
  return { abi, bytecode: `0x${evm.bytecode.object}` };
}
