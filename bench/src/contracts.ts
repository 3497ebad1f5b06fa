import { compileFiles } from "@altlayer/contracts";
import { concat, keccak256, numberToHex, padHex } from "viem";

type Hex = `0x${string}`;

const numbered = (prefix: number, index: number): Hex => numberToHex(prefix * 0x10000 + index, { size: 20 });

/** Eight tokens, four markets of two tokens each, one router over them. */
export const TOKENS: readonly Hex[] = Array.from({ length: 8 }, (_, index) => numbered(0xbe01, index));
export const PAIRS = Array.from({ length: 4 }, (_, index) => ({
  address: numbered(0xbe02, index),
  tokens: [TOKENS[2 * index] as Hex, TOKENS[2 * index + 1] as Hex] as const,
}));
export const ROUTER = numbered(0xbe03, 0);

const FILES = {
  token: "contracts/bench/BenchToken.sol",
  pair: "contracts/bench/BenchPair.sol",
  router: "contracts/bench/BenchRouter.sol",
} as const;

/** OpenZeppelin's ERC20: `_balances` and `_allowances`. */
const BALANCES_SLOT = 0n;
const ALLOWANCES_SLOT = 1n;
const HELD_BY_ACCOUNT = 10n ** 24n;
const HELD_BY_PAIR = 10n ** 27n;
const UNLOCKED = 1n;

const word = (value: bigint | Hex): Hex =>
  typeof value === "bigint" ? numberToHex(value, { size: 32 }) : padHex(value, { size: 32 });
const mapping = (key: Hex, slot: Hex): Hex => keccak256(concat([word(key), slot]));

/** The contracts of a workload with their storage, as the loader's `alloc` command takes them. */
export function contractsOf(options: { readonly workload: "erc20" | "swap"; readonly holders: number }): object[] {
  const artifacts = compileFiles(Object.values(FILES));
  const code = (name: keyof typeof FILES) => artifacts.get(FILES[name])?.deployedBytecode;
  const { workload, holders } = options;
  const token = (address: Hex, pair?: Hex) => ({
    address,
    code: code("token"),
    storage: pair === undefined ? {} : { [mapping(pair, word(BALANCES_SLOT))]: word(HELD_BY_PAIR) },
    tokens: {
      balancesSlot: numberToHex(BALANCES_SLOT),
      allowancesSlot: numberToHex(ALLOWANCES_SLOT),
      amount: numberToHex(HELD_BY_ACCOUNT),
      holders,
      spender: pair === undefined ? null : ROUTER,
    },
  });
  if (workload === "erc20") return [token(TOKENS[0] as Hex)];
  const routes = PAIRS.flatMap(({ address, tokens: [a, b] }) => [
    [mapping(b, mapping(a, word(0n))), word(address)],
    [mapping(a, mapping(b, word(0n))), word(address)],
  ]);
  return [
    ...PAIRS.flatMap(({ address, tokens }) => tokens.map((each) => token(each, address))),
    ...PAIRS.map(({ address, tokens: [token0, token1] }) => ({
      address,
      code: code("pair"),
      // BenchPair's layout: tokens, both reserves in one slot, price sums, lock.
      storage: {
        [word(0n)]: word(token0),
        [word(1n)]: word(token1),
        [word(2n)]: word((HELD_BY_PAIR << 112n) | HELD_BY_PAIR),
        [word(5n)]: word(UNLOCKED),
      },
    })),
    { address: ROUTER, code: code("router"), storage: Object.fromEntries(routes) },
  ];
}
