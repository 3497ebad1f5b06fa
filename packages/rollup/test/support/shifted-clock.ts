import { type Clock, SystemClock } from "../../src/clock.ts";

/** The machine's clock, set forward or back at will. Sleeps take real time, as timers do when a clock is set. */
export class ShiftedClock implements Clock {
  readonly #system = new SystemClock();
  shiftMs = 0;

  nowMs(): number {
    return this.#system.nowMs() + this.shiftMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#system.sleep(ms, signal);
  }
}
