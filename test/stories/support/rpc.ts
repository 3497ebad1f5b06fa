import { setTimeout as sleep } from "node:timers/promises";
import { StoryError } from "./errors.ts";

export async function call<T>(url: string, method: string, params: readonly unknown[] = []): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(20_000),
  });
  const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
  if (error !== undefined) throw new StoryError("RPC_FAILED", `${method}: ${error.message}`);
  return result;
}

export interface Block {
  readonly number: `0x${string}`;
  readonly hash: string;
  readonly timestamp: `0x${string}`;
  readonly transactions: readonly string[];
}

export const blockAt = (url: string, id: string | number) =>
  call<Block | null>(url, "eth_getBlockByNumber", [typeof id === "number" ? `0x${id.toString(16)}` : id, false]);

export const headNumber = async (url: string, tag = "latest") => Number((await blockAt(url, tag))?.number ?? 0);

/** Polls until the answer is there (neither undefined, null nor false). */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new StoryError("TIMED_OUT", `${what}: not within ${timeoutMs / 1000} s`);
    await sleep(200);
  }
}
