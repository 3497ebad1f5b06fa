import { setTimeout as sleep } from "node:timers/promises";
import type { SyncStatus } from "../commands/status.ts";
import type { Output } from "../output.ts";
import { rpc } from "../rpc.ts";

const EVERY_MS = 1_000;
/** On a pipe or in a log file a line each second is noise. */
const EVERY_MS_PLAIN = 10_000;
const WINDOW_BLOCKS = 10;
const BLOCKS_PER_ROUND_MAX = 20;

/** Transactions of users per second over the last blocks; each block begins with one of the system's. */
class Rate {
  #blocks: { readonly number: number; readonly timestamp: number; readonly transactions: number }[] = [];

  async upTo(url: string, head: number): Promise<number> {
    const last = this.#blocks.at(-1)?.number ?? head - 1;
    const first = Math.max(last + 1, head - BLOCKS_PER_ROUND_MAX + 1);
    for (let number = first; number <= head; number++) {
      const block = await rpc<{ timestamp: string; transactions: readonly string[] } | null>(
        url,
        "eth_getBlockByNumber",
        [`0x${number.toString(16)}`, false],
      );
      if (block === null) break;
      this.#blocks.push({
        number,
        timestamp: Number(block.timestamp),
        transactions: Math.max(0, block.transactions.length - 1),
      });
    }
    this.#blocks = this.#blocks.filter(({ number }) => number <= head).slice(-WINDOW_BLOCKS - 1);
    const [oldest, ...rest] = this.#blocks;
    const newest = rest.at(-1);
    if (oldest === undefined || newest === undefined || newest.timestamp <= oldest.timestamp) return 0;
    return rest.reduce((sum, { transactions }) => sum + transactions, 0) / (newest.timestamp - oldest.timestamp);
  }
}

/** The highest block under a certificate of MACH's operators; nothing where the node has no service. */
async function certifiedHead(url: string): Promise<string> {
  const head = await rpc<{ certified: { number: string } | null }>(url, "mach_getHead", []).catch(() => null);
  if (head === null) return "";
  return `MACH-final ${head.certified === null ? "-" : Number(head.certified.number)}  `;
}

/**
 * Shows the heads and the load until the signal aborts: one redrawn line on a terminal, else now and then a line.
 * @param options.url of the rollup, null while it does not run.
 * @param options.mach whether to ask for certificates.
 * @param options.also stands behind it.
 */
export async function showStatus(
  options: {
    readonly url: () => string | null;
    readonly mach: boolean;
    readonly also?: () => Promise<string>;
  },
  { output, signal }: { readonly output: Output; readonly signal: AbortSignal },
): Promise<void> {
  if (output.json) return;
  const rate = new Rate();
  while (!signal.aborted) {
    const [heads, also] = await Promise.all([
      headsOf(options.url(), options.mach, rate),
      options.also?.().catch(() => "") ?? "",
    ]);
    if (signal.aborted) return;
    const text = also === "" ? heads : `${heads}  ${also}`;
    if (output.live) output.draw(`\r\u001b[2K${text}`);
    else output.note(text);
    await sleep(output.live ? EVERY_MS : EVERY_MS_PLAIN, undefined, { signal, ref: false }).catch(() => {});
  }
}

async function headsOf(url: string | null, mach: boolean, rate: Rate): Promise<string> {
  if (url === null) return "not running";
  try {
    const { unsafe_l2, safe_l2, finalized_l2, head_l1 } = await rpc<SyncStatus>(url, "optimism_syncStatus");
    const certified = mach ? await certifiedHead(url) : "";
    const perSecond = await rate.upTo(url, unsafe_l2.number);
    return `unsafe ${unsafe_l2.number}  ${certified}safe ${safe_l2.number}  finalized ${finalized_l2.number}  L1 ${head_l1.number}  ${perSecond.toFixed(1)} tx/s`;
  } catch (error) {
    return `no answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}
