import type { Engine, Hex, SubmitResult } from "@altlayer/engine";
import { RpcError } from "../errors.ts";

interface Waiting {
  readonly raw: Uint8Array;
  readonly resolve: (hash: Hex) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers the transactions that arrive within one turn of the event loop into one call of the engine. Crossing the
 * border costs microseconds a call, so single requests on many connections become nearly as cheap as batches.
 */
export class SubmitCoalescer {
  readonly #batch: number;
  readonly #queue: number;
  readonly #engine: Pick<Engine, "submit">;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #unanswered = 0;

  constructor(
    options: { readonly batch: number; readonly queue: number },
    dependencies: { readonly engine: Pick<Engine, "submit"> },
  ) {
    this.#batch = options.batch;
    this.#queue = options.queue;
    this.#engine = dependencies.engine;
  }

  /** Resolves with the transaction's hash once it is pooled; rejects with go-ethereum's error. */
  submit(raw: Uint8Array): Promise<Hex> {
    if (this.#unanswered >= this.#queue) {
      return Promise.reject(
        new RpcError({
          code: -32005,
          message: "too many transactions are waiting, try again",
        }),
      );
    }
    this.#unanswered++;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ raw, resolve, reject });
      if (this.#waiting.length >= this.#batch) {
        this.#flush();
      } else if (!this.#scheduled) {
        this.#scheduled = true;
        setImmediate(() => {
          this.#scheduled = false;
          this.#flush();
        });
      }
    });
  }

  #flush(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#engine
      .submit(batch.map((entry) => entry.raw))
      .then(
        (results) => settle(batch, results),
        (error: unknown) => {
          for (const entry of batch) entry.reject(error);
        },
      )
      .finally(() => {
        this.#unanswered -= batch.length;
      });
  }
}

function settle(batch: readonly Waiting[], results: readonly SubmitResult[]): void {
  for (const [index, entry] of batch.entries()) {
    const result = results[index];
    if (result === undefined)
      entry.reject(
        new RpcError({
          code: -32603,
          message: "no answer for this transaction",
        }),
      );
    else if ("hash" in result) entry.resolve(result.hash);
    else entry.reject(new RpcError(result.error));
  }
}
