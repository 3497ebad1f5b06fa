import type { BlockRef } from "@altlayer/engine";
import type { Clock } from "../clock.ts";
import { describeError, isClosed } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { L1Reader } from "./l1-client.ts";
import { refOf } from "./l1-client.ts";

/** How the L1's finality is known: by its own tags, or (development chains) by a number of blocks. */
export type L1Finality =
  | { readonly kind: "tags" }
  | { readonly kind: "blocks"; readonly safeBlocks: number; readonly finalizedBlocks: number };

export interface L1Heads {
  readonly latest: BlockRef;
  readonly safe: BlockRef | null;
  readonly finalized: BlockRef | null;
}

export interface HeadWatcherOptions {
  readonly pollMs: number;
  readonly finality: L1Finality;
}

export interface L1HeadChange {
  readonly heads: L1Heads;
  /** The new latest block does not stand on the previous one: some of what was seen is gone. */
  readonly reorged: boolean;
}

/** Polls the L1's heads and tells listeners of every change. The last known heads stand while the L1 is silent. */
export class HeadWatcher {
  readonly #options: HeadWatcherOptions;
  readonly #l1: L1Reader;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #listeners = new Set<(change: L1HeadChange) => void>();
  readonly #closing = new AbortController();
  #heads: L1Heads | null = null;
  #answeredAtMs: number | null = null;
  #failures = 0;
  #running: Promise<void> | null = null;

  constructor(
    options: HeadWatcherOptions,
    dependencies: { readonly l1: L1Reader; readonly clock: Clock; readonly log: Logger },
  ) {
    this.#options = options;
    this.#l1 = dependencies.l1;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
  }

  get heads(): L1Heads | null {
    return this.#heads;
  }

  /** When the L1 last told its heads, by the node's clock. */
  get answeredAtMs(): number | null {
    return this.#answeredAtMs;
  }

  onChange(listener: (change: L1HeadChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** Asks the L1 once, now. */
  async poll(): Promise<L1Heads | null> {
    const latest = await this.#l1.headerByTag("latest");
    if (!latest) return this.#heads;
    const before = this.#heads;
    if (before?.latest.hash === latest.hash && this.#options.finality.kind === "blocks") {
      this.#answeredAtMs = this.#clock.nowMs();
      return before;
    }
    const heads: L1Heads = { latest: refOf(latest), ...(await this.#finality(latest.number)) };
    const unchanged =
      before?.latest.hash === heads.latest.hash &&
      before.safe?.hash === heads.safe?.hash &&
      before.finalized?.hash === heads.finalized?.hash;
    const reorged = !unchanged && before !== null && !(await this.#extends(before.latest, heads.latest));
    // Heads and whether they are of another branch are told together: nobody takes one without the other.
    this.#heads = heads;
    this.#answeredAtMs = this.#clock.nowMs();
    if (!unchanged) {
      for (const listener of this.#listeners) listener({ heads, reorged });
    }
    return heads;
  }

  async #extends(old: BlockRef, latest: BlockRef): Promise<boolean> {
    if (latest.hash === old.hash || latest.parentHash === old.hash) return true;
    if (latest.number <= old.number) return false;
    return (await this.#l1.headerByNumber(old.number))?.hash === old.hash;
  }

  async #finality(latest: number): Promise<Pick<L1Heads, "safe" | "finalized">> {
    const { finality } = this.#options;
    const at = async (header: Promise<Awaited<ReturnType<L1Reader["headerByTag"]>>>) => {
      const found = await header;
      return found && refOf(found);
    };
    if (finality.kind === "tags") {
      const [safe, finalized] = await Promise.all([
        at(this.#l1.headerByTag("safe")),
        at(this.#l1.headerByTag("finalized")),
      ]);
      return { safe, finalized };
    }
    const [safe, finalized] = await Promise.all([
      at(this.#l1.headerByNumber(Math.max(0, latest - finality.safeBlocks))),
      at(this.#l1.headerByNumber(Math.max(0, latest - finality.finalizedBlocks))),
    ]);
    return { safe, finalized };
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.poll();
        this.#failures = 0;
      } catch (error) {
        if (this.#closing.signal.aborted || isClosed(error)) return;
        // One line for the first failure and then for every hundredth: a dead L1 must not fill the disk.
        if (this.#failures++ % 100 === 0) this.#log.warn("L1 head unavailable", { error: describeError(error) });
      }
      await this.#clock.sleep(this.#options.pollMs, this.#closing.signal).catch(() => {});
    }
  }
}
