import type { BlockRef, Engine, EngineEvent, Hex } from "@altlayer/engine";
import type { LogJson } from "./criteria.ts";

/** Consumers of chain events. Each part is fetched from the engine only while somebody listens to it. */
export interface FeedListener {
  /** New canonical blocks, from the lowest up. */
  readonly blocks?: (blocks: readonly BlockRef[]) => void;
  /** Headers as JSON text, for newHeads. */
  readonly header?: (header: string) => void;
  /** Logs of one block that joined the chain, or (with `removed: true`) left it. */
  readonly logs?: (logs: readonly LogJson[]) => void;
  /** Hashes of pooled transactions. */
  readonly pooled?: (hashes: readonly Hex[]) => void;
  /** Pooled transactions as JSON text, read once for all listeners. */
  readonly transaction?: (transaction: string) => void;
  /** Events were lost, because the engine's answers could not keep up; the listener has to end visibly. */
  readonly overflow: () => void;
}

/** Blocks that may wait for their headers and logs to be read. */
const MAX_BACKLOG = 100_000;
/** Pooled transactions that may wait to be read. */
const MAX_TRANSACTIONS = 20_000;

/**
 * Turns the engine's events into what filters and subscriptions need. Blocks are worked off one after another, so
 * every listener sees removed logs before those that replace them, in chain order.
 */
export class ChainFeed {
  readonly #engine: Engine;
  readonly #listeners = new Set<FeedListener>();
  readonly #stop: () => void;
  #poolWatched = false;
  #backlog = 0;
  #work: Promise<void> = Promise.resolve();
  #transactions: Hex[] = [];
  #reading = false;

  constructor(dependencies: { readonly engine: Engine }) {
    this.#engine = dependencies.engine;
    this.#stop = this.#engine.onEvent((event) => this.#onEvent(event));
  }

  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    this.#watchPool();
    return () => {
      this.#listeners.delete(listener);
      this.#watchPool();
    };
  }

  close(): void {
    this.#stop();
    this.#listeners.clear();
    this.#watchPool();
  }

  /** Hashes of pooled transactions cross into JavaScript only while somebody listens to them. */
  #watchPool(): void {
    const wanted = this.#has("pooled") || this.#has("transaction");
    if (wanted === this.#poolWatched) return;
    this.#poolWatched = wanted;
    // An engine that is closed or failed names nothing any more.
    this.#engine.watchPool(wanted).catch(() => undefined);
  }

  #onEvent(event: EngineEvent): void {
    if (event.kind === "pooled") {
      for (const listener of this.#listeners) listener.pooled?.(event.hashes);
      if (this.#has("transaction")) this.#queueTransactions(event.hashes);
      return;
    }
    if (event.kind !== "heads" || this.#listeners.size === 0) return;
    const { added, dropped } = event.change;
    if (added.length === 0 && dropped.length === 0) return;
    this.#backlog += added.length + dropped.length;
    if (this.#backlog > MAX_BACKLOG) {
      this.#backlog -= added.length + dropped.length;
      for (const listener of [...this.#listeners]) {
        if (listener.logs !== undefined || listener.header !== undefined) listener.overflow();
      }
      return;
    }
    this.#work = this.#work
      .then(() => this.#publish({ added, dropped }))
      .catch(() => {
        for (const listener of [...this.#listeners]) listener.overflow();
      })
      .finally(() => {
        this.#backlog -= added.length + dropped.length;
      });
  }

  async #publish(change: {
    readonly added: readonly BlockRef[];
    readonly dropped: readonly BlockRef[];
  }): Promise<void> {
    for (const block of change.dropped) await this.#publishLogs(block, true);
    if (change.added.length > 0) for (const listener of this.#listeners) listener.blocks?.(change.added);
    for (const block of change.added) {
      await this.#publishHeader(block);
      await this.#publishLogs(block, false);
    }
  }

  async #publishHeader(block: BlockRef): Promise<void> {
    if (!this.#has("header")) return;
    const header = await this.#engine.query("eth_getHeaderByHash", `["${block.hash}"]`);
    for (const listener of this.#listeners) listener.header?.(header);
  }

  async #publishLogs(block: BlockRef, removed: boolean): Promise<void> {
    if (!this.#has("logs")) return;
    const raw = await this.#engine.query("eth_getLogs", `[{"blockHash":"${block.hash}"}]`);
    if (raw === "[]") return;
    const logs = (JSON.parse(raw) as LogJson[]).map((log) => ({
      ...log,
      removed,
    }));
    for (const listener of this.#listeners) listener.logs?.(logs);
  }

  #queueTransactions(hashes: readonly Hex[]): void {
    if (this.#transactions.length + hashes.length > MAX_TRANSACTIONS) {
      this.#transactions = [];
      for (const listener of [...this.#listeners]) if (listener.transaction !== undefined) listener.overflow();
      return;
    }
    this.#transactions.push(...hashes);
    if (!this.#reading) void this.#readTransactions();
  }

  async #readTransactions(): Promise<void> {
    this.#reading = true;
    for (let batch = this.#transactions; batch.length > 0; batch = this.#transactions) {
      this.#transactions = [];
      for (const hash of batch) {
        // "null": it left the pool between the event and the read.
        const text = await this.#engine.query("eth_getTransactionByHash", `["${hash}"]`).catch(() => "null");
        if (text !== "null") for (const listener of this.#listeners) listener.transaction?.(text);
      }
    }
    this.#reading = false;
  }

  #has(part: "header" | "logs" | "pooled" | "transaction"): boolean {
    for (const listener of this.#listeners) if (listener[part] !== undefined) return true;
    return false;
  }
}
