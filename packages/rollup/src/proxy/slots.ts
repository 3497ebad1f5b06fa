import { proxyError } from "./errors.ts";

/** So many at a time; more wait in the order of their arrival, and more than may wait are refused. */
export class Slots {
  readonly #limits: { readonly running: number; readonly waiting: number };
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: { readonly running: number; readonly waiting: number }) {
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws RpcError `BUSY` */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limits.running) this.#running++;
    else await this.#turn();
    try {
      return await work();
    } finally {
      // Who waits takes the place over: the count stays.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #turn(): Promise<void> {
    const { running, waiting } = this.#limits;
    if (this.#waiting.length >= waiting) {
      throw proxyError("BUSY", "too many requests wait for the chain's own RPC: try again", { running, waiting });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
