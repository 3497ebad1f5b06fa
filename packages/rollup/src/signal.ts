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
      // By hand: `AbortSignal.any` costs more than all else here, and many loops wait so, several times a second.
      const stop = new AbortController();
      const end = () => stop.abort(WOKEN);
      this.#wake = end;
      signal.addEventListener("abort", end, { once: true });
      await clock.sleep(timeoutMs, stop.signal).catch(() => {});
      signal.removeEventListener("abort", end);
      this.#wake = null;
    }
    this.#pending = false;
  }
}
