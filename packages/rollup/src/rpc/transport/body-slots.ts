/** How long a large body may take while others wait for its slot. */
const CROWDED_MS = 5_000;
const CHECKING_INTERVAL_MS = 1_000;

interface Holder {
  readonly sinceMs: number;
  readonly evict: () => void;
}

/**
 * Who may send a large request body now. The others are not read meanwhile: what they send waits in their sockets,
 * where it costs neither memory nor time. Whoever dawdles while others wait loses its slot and its connection.
 */
export class BodySlots {
  readonly #slots: number;
  readonly #holders = new Set<Holder>();
  readonly #waiting = new Set<() => void>();
  readonly #checking: NodeJS.Timeout;

  constructor(options: { readonly slots: number }) {
    this.#slots = options.slots;
    this.#checking = setInterval(() => this.#evictSlow(), CHECKING_INTERVAL_MS);
    this.#checking.unref();
  }

  /** Calls `granted` when it is the caller's turn, maybe at once. Returns how to give the slot, or the wait for it, up. */
  acquire(granted: () => void, evict: () => void): () => void {
    let holder: Holder | null = null;
    const take = () => {
      holder = { sinceMs: performance.now(), evict };
      this.#holders.add(holder);
      granted();
    };
    if (this.#holders.size < this.#slots) take();
    else this.#waiting.add(take);
    return () => {
      this.#waiting.delete(take);
      if (holder === null || !this.#holders.delete(holder)) return;
      for (const next of this.#waiting) {
        this.#waiting.delete(next);
        next();
        break;
      }
    };
  }

  close(): void {
    clearInterval(this.#checking);
  }

  #evictSlow(): void {
    if (this.#waiting.size === 0) return;
    const oldestMs = performance.now() - CROWDED_MS;
    for (const { sinceMs, evict } of [...this.#holders]) if (sinceMs < oldestMs) evict();
  }
}
