import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SyncStatus } from "../commands/status.ts";
import { CliError } from "../errors.ts";
import { rpc } from "../rpc.ts";
import { readIfThere, writeDurably } from "./durable.ts";

interface Mark {
  readonly number: number;
  readonly hash: string;
}

const EVERY_MS = 5_000;
const FILE = "l1-mark.json";

/**
 * The L1 origin of the finalized head, kept beside the rollup. Whatever an L1 loses above it, the rollup mends by itself
 * as a reorg; an L1 without it cannot carry this rollup any more, and that must be said.
 */
export class FinalityMark {
  readonly #file: string;

  constructor(options: { readonly directory: string }) {
    this.#file = join(options.directory, FILE);
  }

  /** @throws CliError `L1_OLDER_THAN_ROLLUP`, `L1_OTHER_CHAIN`. */
  async require(l1Url: string): Promise<void> {
    const mark = parse(await readIfThere(this.#file));
    if (mark === undefined) return;
    const block = await rpc<{ hash: string } | null>(l1Url, "eth_getBlockByNumber", [
      `0x${mark.number.toString(16)}`,
      false,
    ]);
    if (block?.hash === mark.hash) return;
    const data = { number: mark.number, expected: mark.hash, found: block?.hash ?? null };
    if (block === null) {
      throw new CliError(
        "L1_OLDER_THAN_ROLLUP",
        `the L1 ends before block ${mark.number}, on which the rollup's finalized blocks rest: its newest state was lost; begin anew with --fresh`,
        { data },
      );
    }
    throw new CliError(
      "L1_OTHER_CHAIN",
      `the L1's block ${mark.number} is ${block.hash}, but the rollup's finalized blocks rest on ${mark.hash}: it is another L1; begin anew with --fresh`,
      { data },
    );
  }

  async save(rollupUrl: string): Promise<void> {
    const { finalized_l2 } = await rpc<SyncStatus>(rollupUrl, "optimism_syncStatus");
    await writeDurably(this.#file, JSON.stringify(finalized_l2.l1origin));
  }

  /** Saves now and then until the signal aborts. */
  async follow(rollupUrl: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.save(rollupUrl).catch(() => {});
    }
  }
}

function parse(text: string | undefined): Mark | undefined {
  if (text === undefined) return undefined;
  try {
    const mark = JSON.parse(text) as Partial<Mark>;
    if (typeof mark.number === "number" && typeof mark.hash === "string")
      return { number: mark.number, hash: mark.hash };
  } catch {
    // A torn mark is no mark: the node checks its L1 again by itself.
  }
  return undefined;
}
