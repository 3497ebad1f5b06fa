/** A token bucket: `burst` at once, refilled at `perSecond`. The clock is given, in milliseconds. */
export class RateLimiter {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #updatedMs: number;

  constructor(
    options: { readonly perSecond: number; readonly burst: number },
    { now }: { readonly now: () => number },
  ) {
    this.#perSecond = options.perSecond;
    this.#burst = options.burst;
    this.#now = now;
    this.#tokens = options.burst;
    this.#updatedMs = now();
  }

  /** Milliseconds until the caller's turn; each call takes a token, so that those who wait queue up behind each other. */
  reserve(): number {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#updatedMs) / 1000) * this.#perSecond);
    this.#updatedMs = now;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000;
  }

  /** Gives back a token that was reserved and not used. */
  cancel(): void {
    this.#tokens += 1;
  }
}
