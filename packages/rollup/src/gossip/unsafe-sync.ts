import type { ExecutionPayload, Heads, Hex, PayloadStatus } from "@altlayer/engine";

export interface UnsafeSyncDependencies {
  readonly heads: () => Heads;
  /** Imports a block and makes it the unsafe head. */
  readonly insert: (payload: ExecutionPayload) => Promise<PayloadStatus>;
  readonly request: (number: number) => Promise<ExecutionPayload | null>;
  readonly onProblem?: (message: string) => void;
}

/** Blocks that are waited for, at most; a longer gap is left to derivation. */
const maxGap = 2048;
const maxQueuedBlocks = 64;

/**
 * Brings gossiped blocks to the engine in order. A block whose parent is missing makes it ask peers for the gap,
 * newest first, each answer bound by the hash that its child names, so that a lying peer gains nothing.
 */
export class UnsafeSync {
  readonly #dependencies: UnsafeSyncDependencies;
  readonly #waiting = new Map<Hex, ExecutionPayload>();
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(dependencies: UnsafeSyncDependencies) {
    this.#dependencies = dependencies;
  }

  /** Takes a validated block; returns at once. At the limit the lowest waiting block gives way. */
  add(payload: ExecutionPayload): void {
    if (this.#closed) return;
    this.#waiting.set(payload.blockHash, payload);
    if (this.#waiting.size > maxQueuedBlocks) {
      const lowest = [...this.#waiting.values()].reduce((a, b) =>
        Number(a.blockNumber) <= Number(b.blockNumber) ? a : b,
      );
      this.#waiting.delete(lowest.blockHash);
    }
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
  }

  async #drain(): Promise<void> {
    while (!this.#closed && this.#waiting.size > 0) {
      const next = [...this.#waiting.values()].reduce((a, b) =>
        Number(a.blockNumber) <= Number(b.blockNumber) ? a : b,
      );
      this.#waiting.delete(next.blockHash);
      try {
        await this.#bring(next);
      } catch (error) {
        this.#dependencies.onProblem?.(error instanceof Error ? error.message : String(error));
      }
    }
  }

  async #bring(tip: ExecutionPayload): Promise<void> {
    const { unsafe, safe } = this.#dependencies.heads();
    const number = Number(tip.blockNumber);
    // What L1 already settled is derivation's to say.
    if (number <= safe.number || tip.blockHash === unsafe.hash) return;
    const chain = [tip];
    let status = await this.#dependencies.insert(tip);
    while (status.status === "SYNCING" && !this.#closed) {
      const lowest = chain[chain.length - 1] as ExecutionPayload;
      const wanted = Number(lowest.blockNumber) - 1;
      if (wanted <= safe.number || chain.length >= maxGap) return;
      const parent = this.#waiting.get(lowest.parentHash) ?? (await this.#dependencies.request(wanted));
      if (parent === null || parent.blockHash !== lowest.parentHash) {
        this.#dependencies.onProblem?.(`no peer gave block ${wanted} with hash ${lowest.parentHash}`);
        return;
      }
      this.#waiting.delete(parent.blockHash);
      chain.push(parent);
      status = await this.#dependencies.insert(parent);
    }
    // The lowest stands: lay the others on it, upwards.
    for (const payload of chain.slice(0, -1).reverse()) {
      if (status.status !== "VALID" || this.#closed) break;
      status = await this.#dependencies.insert(payload);
    }
    if (status.status === "INVALID") {
      this.#dependencies.onProblem?.(`block ${tip.blockHash} is invalid: ${status.validationError}`);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }
}
