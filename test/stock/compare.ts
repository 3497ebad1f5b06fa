import { StockError } from "./errors.ts";
import { call, type Program, waitFor } from "./program.ts";

interface Block {
  readonly number: string;
  readonly hash: string;
}

/** Height of a node's head by its tag. */
export async function heightOf(url: string, tag: "latest" | "safe" | "finalized"): Promise<number> {
  const block = await call<Block | null>(url, "eth_getBlockByNumber", [tag, false]);
  return block === null ? 0 : Number(block.number);
}

/** Waits until a node's head of that kind has reached a height. */
export function waitForHeight(
  url: string,
  tag: "latest" | "safe",
  height: number,
  options: { timeoutMs?: number; programs?: readonly Program[] } = {},
): Promise<number> {
  return waitFor(
    `${tag} block ${height} at ${url}`,
    async () => {
      const found = await heightOf(url, tag);
      return found >= height ? found : undefined;
    },
    { timeoutMs: 120_000, ...options },
  );
}

/** The lowest height up to `height` at which two chains differ, if there is one. Chains that part do not meet again. */
export async function firstDifference(oneUrl: string, otherUrl: string, height: number): Promise<number | undefined> {
  let equal = -1;
  let different = height + 1;
  while (different - equal > 1) {
    const middle = Math.floor((equal + different) / 2);
    if (await equalAt(oneUrl, otherUrl, middle)) equal = middle;
    else different = middle;
  }
  return different > height ? undefined : different;
}

/** @throws StockError `MISMATCH` naming the first differing block. */
export async function requireEqualChains(oneUrl: string, otherUrl: string, height: number): Promise<void> {
  const difference = await firstDifference(oneUrl, otherUrl, height);
  if (difference === undefined) return;
  const [one, other] = await Promise.all(
    [oneUrl, otherUrl].map((url) => call<Block>(url, "eth_getBlockByNumber", [hex(difference), false])),
  );
  throw new StockError(
    "MISMATCH",
    `the chains part at block ${difference}:\n${JSON.stringify(one)}\n${JSON.stringify(other)}`,
    {
      number: difference,
    },
  );
}

async function equalAt(oneUrl: string, otherUrl: string, number: number): Promise<boolean> {
  const [one, other] = await Promise.all(
    [oneUrl, otherUrl].map((url) => call<Block | null>(url, "eth_getBlockByNumber", [hex(number), false])),
  );
  if (!one || !other) throw new StockError("MISMATCH", `block ${number} is missing on one side`, { number });
  return one.hash === other.hash;
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}
