import { setTimeout as sleep } from "node:timers/promises";
import { postJson, resultOf } from "./networks.ts";

export interface L1ClockOptions {
  /** An anvil that mines nothing by itself (`--no-mining`). */
  readonly url: string;
  readonly blockTimeSeconds: number;
  /** Added to the machine's clock to get the chain's. */
  readonly offsetMs: number;
}

const RETRY_MS = 250;

/**
 * Makes a development L1's regular blocks. Launches make others in between, as fast as they need them, each a second
 * after the one before: the chain gets ahead of its clock. This clock then waits for time to pass it, so that over a
 * minute there are as many blocks as without launches. With an interval of anvil's own the L1 would stay ahead for good,
 * and rollups, which take in one L1 block with each of theirs, fall behind it for good.
 */
export function startL1Clock({ url, blockTimeSeconds, offsetMs }: L1ClockOptions): { close(): Promise<void> } {
  const closing = new AbortController();
  const { signal } = closing;
  const nowMs = () => Date.now() + offsetMs;
  /** Makes the block if it is due. @returns when the next one is, by the chain's clock. */
  const tick = async (): Promise<number> => {
    const head = (await request(url, "eth_getBlockByNumber", ["latest", false])) as { readonly timestamp: string };
    const dueSeconds = Number(head.timestamp) + blockTimeSeconds;
    if (dueSeconds * 1_000 > nowMs()) return dueSeconds * 1_000;
    const timestamp = Math.floor(nowMs() / 1_000);
    await request(url, "evm_mine", [{ timestamp }]);
    return (timestamp + blockTimeSeconds) * 1_000;
  };
  const run = async () => {
    while (!signal.aborted) {
      // A chain that does not answer is asked again; that it has ended, others say.
      const nextMs = await tick().catch(() => nowMs() + RETRY_MS);
      await sleep(Math.max(1, nextMs - nowMs()), undefined, { signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

async function request(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const text = await postJson(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  return resultOf(text, { who: "the L1", method });
}
