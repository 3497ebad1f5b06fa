import type { Clock } from "./clock.ts";

/** Why a sleep ends early. Without a reason of its own, every wake-up would make an exception with a stack trace. */
const WOKEN = "woken";

/** Wakes a loop that has nothing to do; a call while nobody waits is remembered once. */
export class Wakeup {
  #pending = false;
  #wake: (() => void) | null = null;

  poke(): void {
    this.#pending = true;
    this.#wake?.();
  }

  /** Resolves at the next `poke`, at once if one came since the last wait, or after `timeoutMs`. Never rejects. */
  async wait(timeoutMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
    if (!this.#pending && !signal.aborted) {
      const stop = new AbortController();
      const poked = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([poked, clock.sleep(timeoutMs, AbortSignal.any([signal, stop.signal])).catch(() => {})]);
      stop.abort(WOKEN);
      this.#wake = null;
    }
    this.#pending = false;
  }
}
