import { RollupError } from "./errors.ts";

/** The node's only source of time: injected, so that a test or a resumed development chain may shift it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as the chains see them. */
  nowMs(): number;
  /** Resolves after `ms`; rejects when the signal aborts first: with its reason where that is a text, else with `CLOSED`. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock plus an offset: a chain that was stopped for a weekend goes on where it stood. */
export class SystemClock implements Clock {
  readonly #offsetMs: number;

  constructor(options: { readonly offsetMs?: number } = {}) {
    this.#offsetMs = options.offsetMs ?? 0;
  }

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOnTimer(ms, signal);
  }
}

/** Longest sleep towards a point in time before the clock is read again: it may have jumped meanwhile. */
const LONGEST_STEP_MS = 500;

/** Sleeps until the clock shows `timeMs`, also if it is set back and forth on the way. */
export async function sleepUntil(clock: Clock, timeMs: number, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const leftMs = timeMs - clock.nowMs();
    if (leftMs <= 0) return;
    await clock.sleep(Math.min(leftMs, LONGEST_STEP_MS), signal);
  }
}

export function closedError(): RollupError {
  return new RollupError("CLOSED", "the node is closing", { severity: "permanent" });
}

function sleepOnTimer(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(closedError());
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      // An error has a stack trace, which costs more than the sleep: who wakes others often gives a text.
      reject(typeof signal?.reason === "string" ? signal.reason : closedError());
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.max(0, ms),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
