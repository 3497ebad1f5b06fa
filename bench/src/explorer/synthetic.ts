import type { ChainBlockData, NewToken } from "@altlayer/raas";

/**
 * A chain that never was, as the indexer reads a real one: senders and receivers at random among the accounts, an account
 * that takes part in every fifth transaction, three in ten transactions a token's, one in fifty with an internal call.
 */
export interface SyntheticOptions {
  readonly transactionsPerBlock: number;
  readonly accounts: number;
  readonly tokens: number;
}

type Hex = `0x${string}`;

const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const GENESIS_TIME = 1_700_000_000;

/** SplitMix64's finalizer in 32 bits twice: the same chain in every run, hashes spread like real ones. */
function mixed(n: number, salt: number): number {
  let x = (n ^ Math.imul(salt, 0x9e37_79b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

const word = (n: number, salt: number): string =>
  Array.from({ length: 8 }, (_, part) =>
    mixed(n, salt * 8 + part)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
const hashOf = (n: number, salt: number): Hex => `0x${word(n, salt)}`;
export const accountOf = (n: number): Hex => `0x${word(n, 3).slice(0, 40)}`;
export const tokenOf = (n: number): Hex => `0x${word(n, 4).slice(0, 40)}`;
export const blockHashOf = (number: number): Hex => hashOf(number, 1);
/** Of the transaction that is the `n`th of the chain. */
export const transactionHashOf = (n: number): Hex => hashOf(n, 2);
/** Takes part in every fifth transaction, half of them a token's. */
export const BUSY: Hex = accountOf(0);

const topic = (address: Hex): Hex => `0x${address.slice(2).padStart(64, "0")}`;

export function syntheticBlock(number: number, options: SyntheticOptions): ChainBlockData {
  const { transactionsPerBlock: count, accounts, tokens } = options;
  const first = number * count;
  const entries = Array.from({ length: count }, (_, position) => {
    const n = first + position;
    const from = accountOf(1 + (mixed(n, 5) % accounts));
    const to = n % 10 === 0 || n % 10 === 9 ? BUSY : accountOf(1 + (mixed(n, 6) % accounts));
    const token = n % 10 > 6 ? tokenOf(mixed(n, 7) % tokens) : null;
    return { n, position, from, to, token };
  });
  return {
    block: {
      number,
      hash: blockHashOf(number),
      parentHash: blockHashOf(number - 1),
      timestamp: GENESIS_TIME + number,
      gasUsed: count * 30_000,
      gasLimit: count * 60_000,
      baseFeePerGas: 7n,
      size: count * 110,
      transactions: entries.map(({ n, from, to, token }) => ({
        hash: transactionHashOf(n),
        from,
        to: token ?? to,
        value: token === null ? 1_000_000_000n : 0n,
        input: token === null ? "0x" : "0xa9059cbb",
        type: n % count === 0 ? 0x7e : 2,
      })),
    },
    receipts: entries.map(({ n, position, from, to, token }) => ({
      transactionHash: transactionHashOf(n),
      status: 1,
      gasUsed: 30_000n,
      effectiveGasPrice: 8n,
      l1Fee: 1_000n,
      logs:
        token === null
          ? []
          : [
              {
                address: token,
                topics: [TRANSFER, topic(from), topic(to)],
                data: `0x${(n + 1).toString(16).padStart(64, "0")}` as const,
                logIndex: position,
              },
            ],
    })),
    calls: entries.map(({ n, from, to }) =>
      n % 50 === 0 ? [{ kind: "call" as const, sender: from, receiver: to, value: 5n }] : [],
    ),
  };
}

/** The tokens, which the first block is taken to have met. */
export const syntheticTokens = (count: number): readonly NewToken[] =>
  Array.from({ length: count }, (_, n) => ({
    address: tokenOf(n),
    kind: "erc20",
    name: `Token ${n}`,
    symbol: `T${n}`,
    decimals: 18,
    first_block: 0,
  }));
