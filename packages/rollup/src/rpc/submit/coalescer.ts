import type { Engine, Hex, SubmitResult } from "@altlayer/engine";
import { internalError, limitExceeded, RpcError } from "../errors.ts";

/** What became of one transaction of many: its hash once it is pooled, or go-ethereum's error. */
export type Submitted = { readonly hash: Hex } | { readonly error: unknown };

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
    if (this.#unanswered >= this.#queue) return Promise.reject(queueFull());
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

  /** The same for transactions that came together: they wait for no others. */
  async submitMany(raw: readonly Uint8Array[]): Promise<readonly Submitted[]> {
    const taken = raw.slice(0, Math.max(0, this.#queue - this.#unanswered));
    // What came before goes before: a sender's transactions keep their order.
    this.#flush();
    this.#unanswered += taken.length;
    try {
      const results = await this.#engine.submit(taken);
      return raw.map((_, index) => (index < taken.length ? submitted(results[index]) : { error: queueFull() }));
    } finally {
      this.#unanswered -= taken.length;
    }
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
    const outcome = submitted(results[index]);
    if ("hash" in outcome) entry.resolve(outcome.hash);
    else entry.reject(outcome.error);
  }
}

function submitted(result: SubmitResult | undefined): Submitted {
  if (result === undefined) return { error: internalError("no answer for this transaction") };
  return "hash" in result ? result : { error: new RpcError(result.error) };
}

const queueFull = () => limitExceeded("too many transactions are waiting, try again");
