import type { Engine, Hex, RawJson } from "@altlayer/engine";
import { transactionTimeout } from "../errors.ts";

interface Waiter {
  readonly resolve: (receipt: RawJson) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** Waits for transactions to be in a block (EIP-7966). Receipts are looked up when the head moves, not polled. */
export class InclusionWaiter {
  readonly #engine: Engine;
  readonly #waiting = new Map<Hex, Set<Waiter>>();
  readonly #stop: () => void;
  #looking = false;
  #again = false;

  constructor(dependencies: { readonly engine: Engine }) {
    this.#engine = dependencies.engine;
    this.#stop = this.#engine.onEvent((event) => {
      if (event.kind === "heads" && event.change.added.length > 0) void this.#look();
    });
  }

  /** Resolves with the receipt as JSON text; rejects with EIP-7966's error 4 after the timeout. */
  wait(request: { readonly hash: Hex; readonly timeoutMs: number }): Promise<RawJson> {
    const { hash, timeoutMs } = request;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#remove(hash, waiter);
        reject(transactionTimeout({ hash, timeoutMs }));
      }, timeoutMs);
      const waiter: Waiter = { resolve, reject, timer };
      const waiters = this.#waiting.get(hash) ?? new Set();
      waiters.add(waiter);
      this.#waiting.set(hash, waiters);
      // The block may have come between the pool's answer and now.
      void this.#lookUp(hash);
    });
  }

  close(): void {
    this.#stop();
    for (const [hash, waiters] of this.#waiting) {
      for (const waiter of waiters) {
        clearTimeout(waiter.timer);
        waiter.reject(transactionTimeout({ hash, timeoutMs: 0 }));
      }
    }
    this.#waiting.clear();
  }

  async #look(): Promise<void> {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    do {
      this.#again = false;
      for (const hash of [...this.#waiting.keys()]) await this.#lookUp(hash);
    } while (this.#again);
    this.#looking = false;
  }

  async #lookUp(hash: Hex): Promise<void> {
    const receipt = await this.#engine.query("eth_getTransactionReceipt", `["${hash}"]`).catch(() => "null");
    if (receipt === "null") return;
    for (const waiter of this.#waiting.get(hash) ?? []) {
      clearTimeout(waiter.timer);
      waiter.resolve(receipt);
    }
    this.#waiting.delete(hash);
  }

  #remove(hash: Hex, waiter: Waiter): void {
    const waiters = this.#waiting.get(hash);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiting.delete(hash);
  }
}
