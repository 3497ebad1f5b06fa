import type { Engine, Hex } from "@altlayer/engine";
import type { Clock } from "../clock.ts";

export interface CertificationPointOptions {
  /** Shortest time between two points, and the longest that the newest slice waits for one. */
  readonly markMs: number;
}

/** As the configuration has it. */
export const DEFAULT_MARK_MS = 100;

/** The slice at whose end the point is. */
export interface CertificationPoint {
  readonly parentHash: Hex;
  readonly index: number;
  readonly id: Hex;
}

/**
 * Marks the slices that operators sign (docs/spec/mach.md, section 5, "Certification points"): after a quiet time the next
 * slice at once, under load the newest one in every interval. What the attributes hold (slice 0) waits for company.
 */
export class CertificationPoints {
  readonly #options: CertificationPointOptions;
  readonly #clock: Pick<Clock, "sleep">;
  readonly #listeners = new Set<(point: CertificationPoint) => void>();
  readonly #closing = new AbortController();
  readonly #stop: () => void;
  #newest: CertificationPoint | null = null;
  /** Until the interval after the last point is over. */
  #resting = false;

  constructor(
    options: CertificationPointOptions,
    dependencies: { readonly engine: Engine; readonly clock: Pick<Clock, "sleep"> },
  ) {
    this.#options = options;
    this.#clock = dependencies.clock;
    this.#stop = dependencies.engine.onEvent((event) => {
      if (event.kind !== "slice" || event.index === 0) return;
      const { parentHash, index, id } = event;
      this.#newest = { parentHash, index, id };
      // Everybody else hears of the slice first.
      if (!this.#resting) queueMicrotask(() => this.#mark());
    });
  }

  listen(listener: (point: CertificationPoint) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#stop();
    this.#closing.abort();
  }

  #mark(): void {
    const point = this.#newest;
    if (!point || this.#resting || this.#closing.signal.aborted) return;
    this.#newest = null;
    this.#resting = true;
    for (const listener of this.#listeners) listener(point);
    this.#clock.sleep(this.#options.markMs, this.#closing.signal).then(
      () => {
        this.#resting = false;
        this.#mark();
      },
      () => {},
    );
  }
}
