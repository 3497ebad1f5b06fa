/** What every request and every connection may hold beside the budget, so that a hoard keeps nobody from being served. */
const FREE_BYTES = 64 * 1024;

/**
 * Bytes that all clients together may make the server hold: half-sent requests and answers that nobody reads. Every
 * connection stays within its own limits, yet ten thousand of them would not stay within the machine's.
 */
export class ByteBudget {
  readonly #bytes: number;
  #used = 0;

  constructor(options: { readonly bytes: number }) {
    this.#bytes = options.bytes;
  }

  /** An account for one request, answer or connection. */
  hold(): ByteHolding {
    return new ByteHolding(this);
  }

  /** Whether so many more may be held; if so they are, until given back. */
  take(bytes: number): boolean {
    if (bytes > 0 && this.#used + bytes > this.#bytes) return false;
    this.#used += bytes;
    return true;
  }
}

/** What one holder holds: the first `FREE_BYTES` are its own, the rest comes from the budget. */
export class ByteHolding {
  readonly #budget: ByteBudget;
  #bytes = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** Holds more; `false` if the budget does not allow it, and then nothing changes. */
  add(bytes: number): boolean {
    if (!this.#budget.take(beyondFree(this.#bytes + bytes) - beyondFree(this.#bytes))) return false;
    this.#bytes += bytes;
    return true;
  }

  remove(bytes: number): void {
    this.#budget.take(beyondFree(this.#bytes - bytes) - beyondFree(this.#bytes));
    this.#bytes -= bytes;
  }

  release(): void {
    this.remove(this.#bytes);
  }
}

function beyondFree(bytes: number): number {
  return Math.max(0, bytes - FREE_BYTES);
}
