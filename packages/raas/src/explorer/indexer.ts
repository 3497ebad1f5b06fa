import { setTimeout as sleep } from "node:timers/promises";
import { problemOf } from "../errors.ts";
import type { Hex } from "../spec/primitives.ts";
import type { ChainBlockData, ChainSource } from "./chain-data.ts";
import { headAndHash, readBlocks } from "./chain-data.ts";
import type { IndexFile, NewToken } from "./index-file.ts";
import { type BlockRows, rowsOf } from "./rows.ts";
import { tokenMetadata } from "./token-metadata.ts";

export interface IndexLog {
  info(message: string, fields: Readonly<Record<string, string | number>>): void;
  warn(message: string, fields: Readonly<Record<string, string | number>>): void;
}

export interface IndexerOptions {
  readonly source: ChainSource;
  readonly pollMs: number;
}

/** Blocks asked for at once: the fewer, the more their transactions. */
const BATCH_BLOCKS = 50;
const BATCH_TRANSACTIONS = 2_000;
/** A block this close to the head is fresh: what fails to trace it may pass. */
const FRESH_BLOCKS = 64;
const TRACE_ATTEMPTS = 3;

/** Follows a node's chain into its index, reorgs included. What it wrote it never needs again: the chain is the truth. */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #file: IndexFile;
  readonly #log: IndexLog;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  /** Cuts the wait for news short. */
  #endWait: () => void = () => {};
  #news = false;
  #failures = 0;
  /** Halved by whatever fails, since a node may refuse what is too much for it; doubled by what succeeds, from one on. */
  #blocksAtOnce = 1;
  #transactionsPerBlock = 0;

  constructor(options: IndexerOptions, dependencies: { readonly file: IndexFile; readonly log: IndexLog }) {
    this.#options = options;
    this.#file = dependencies.file;
    this.#log = dependencies.log;
    this.#running = this.#run();
  }

  /** There are new blocks: looks at once. */
  wake(): void {
    this.#news = true;
    this.#endWait();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      let more = false;
      this.#news = false;
      try {
        more = await this.#advance();
        this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#blocksAtOnce = Math.max(1, Math.floor(this.#blocksAtOnce / 2));
        // One line for the first failure and then for every hundredth.
        if (this.#failures++ % 100 === 0) this.#log.warn("cannot index", { error: problemOf(error).message });
      }
      if (!more && !this.#news) await this.#wait(signal);
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#endWait = () => woken.abort("news");
    const ends = { signal: AbortSignal.any([signal, woken.signal]), ref: false };
    await sleep(this.#options.pollMs, undefined, ends).catch(() => {});
  }

  /** Indexes some blocks. True when there are more. */
  async #advance(): Promise<boolean> {
    const { source } = this.#options;
    const tip = this.#file.tip();
    const { head, hash } = await headAndHash(source, tip?.number ?? 0);
    if (tip !== null && hash !== tip.hash) {
      await this.#followReorg(tip.number);
      return true;
    }
    const first = tip === null ? 0 : tip.number + 1;
    if (first > head) return false;
    const count = Math.floor(BATCH_TRANSACTIONS / Math.max(1, this.#transactionsPerBlock));
    const last = Math.min(head, first + Math.max(1, Math.min(this.#blocksAtOnce, count)) - 1);
    const patient = head - first < FRESH_BLOCKS && this.#failures < TRACE_ATTEMPTS;
    const data = chained(await readBlocks(source, { first, last, patient }), tip?.hash ?? null);
    if (data.length === 0 || this.#closing.signal.aborted) return false;
    this.#transactionsPerBlock = Math.max(...data.map(({ block }) => block.transactions.length));
    const rows = data.map(rowsOf);
    this.#file.append(rows, await this.#newTokens(rows));
    this.#blocksAtOnce = Math.min(BATCH_BLOCKS, this.#blocksAtOnce * 2);
    return first + data.length - 1 < head;
  }

  /** Takes back the blocks that are no longer the chain's. */
  async #followReorg(tip: number): Promise<void> {
    const first = await this.#firstOfOtherChain(tip);
    this.#log.info("index follows a reorg", { block: first });
    for (let number = tip; number >= first && !this.#closing.signal.aborted; number--) this.#file.removeTip();
  }

  /** The lowest block that is no longer the chain's: by doubling steps back, then by halving. */
  async #firstOfOtherChain(tip: number): Promise<number> {
    let wrong = tip;
    let right = -1;
    for (let step = 1; wrong > 0; step *= 2) {
      const number = Math.max(0, tip - step);
      if (await this.#agreesAt(number)) {
        right = number;
        break;
      }
      wrong = number;
      if (number === 0) break;
    }
    while (wrong - right > 1) {
      const middle = Math.floor((wrong + right) / 2);
      if (await this.#agreesAt(middle)) right = middle;
      else wrong = middle;
    }
    return wrong;
  }

  async #agreesAt(number: number): Promise<boolean> {
    return this.#file.hashOf(number) === (await headAndHash(this.#options.source, number)).hash;
  }

  async #newTokens(blocks: readonly BlockRows[]): Promise<NewToken[]> {
    const first = new Map<Hex, Pick<NewToken, "kind" | "first_block">>();
    for (const { block, transfers } of blocks) {
      for (const { token, kind } of transfers)
        if (!first.has(token) && !this.#file.knowsToken(token)) first.set(token, { kind, first_block: block.number });
    }
    return await Promise.all(
      [...first].map(async ([address, seen]) => ({
        address,
        ...seen,
        ...(await tokenMetadata(this.#options.source, address)),
      })),
    );
  }
}

/** The blocks that follow on each other and on `parent`: what was read while the head changed is left for the next time. */
function chained(data: readonly ChainBlockData[], parent: Hex | null): readonly ChainBlockData[] {
  let expected = parent;
  const end = data.findIndex(({ block }) => {
    const follows = expected === null || block.parentHash === expected;
    expected = block.hash;
    return !follows;
  });
  return end === -1 ? data : data.slice(0, end);
}
