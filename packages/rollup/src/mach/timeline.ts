import type { BlockRef, Engine, Hex } from "@altlayer/engine";
import type { Clock } from "../clock.ts";

/** Heights that times are kept of. */
const KEPT_BLOCKS = 8_192;
/** Heights that the times of slices are kept of. */
const KEPT_SLICED = 64;

interface Reached {
  readonly height: number;
  readonly atMs: number;
}

/** When this node saw blocks and slices, since its start. Times are the node's clock's, in milliseconds since 1970. */
export class Timeline {
  readonly #clock: Clock;
  readonly #stop: () => void;
  readonly #sealed = new Map<Hex, number>();
  readonly #slices = new Map<number, { readonly count: number; readonly atMs: number }[]>();
  readonly #safe: Reached[] = [];
  readonly #finalized: Reached[] = [];

  constructor(dependencies: { readonly engine: Engine; readonly clock: Clock }) {
    this.#clock = dependencies.clock;
    this.#stop = dependencies.engine.onEvent((event) => {
      const atMs = this.#clock.nowMs();
      if (event.kind === "slice") {
        const known = event.index === 0 ? [] : (this.#slices.get(event.number) ?? []);
        known.push({ count: event.transactionCountTotal, atMs });
        this.#slices.delete(event.number);
        this.#slices.set(event.number, known);
        trim(this.#slices, KEPT_SLICED);
      }
      if (event.kind !== "heads") return;
      for (const { hash } of event.change.added) this.#sealed.set(hash, atMs);
      trim(this.#sealed, KEPT_BLOCKS);
      note(this.#safe, event.change.heads.safe, atMs);
      note(this.#finalized, event.change.heads.finalized, atMs);
    });
  }

  /** `null`: before the start, or long ago. */
  sealedAtMs(hash: Hex): number | null {
    return this.#sealed.get(hash) ?? null;
  }

  /** When the slice with that transaction was published here. */
  slicedAtMs(height: number, transactionIndex: number): number | null {
    return this.#slices.get(height)?.find(({ count }) => count > transactionIndex)?.atMs ?? null;
  }

  safeAtMs(height: number): number | null {
    return firstAt(this.#safe, height);
  }

  finalizedAtMs(height: number): number | null {
    return firstAt(this.#finalized, height);
  }

  close(): void {
    this.#stop();
  }
}

function note(list: Reached[], { number: height }: BlockRef, atMs: number): void {
  const last = list.at(-1);
  if (last?.height === height) return;
  // A head that went back says nothing any more of what was above.
  while ((list.at(-1)?.height ?? -1) > height) list.pop();
  list.push({ height, atMs });
  if (list.length > KEPT_BLOCKS) list.splice(0, list.length - KEPT_BLOCKS);
}

function firstAt(list: readonly Reached[], height: number): number | null {
  const [first] = list;
  // What was reached before the first entry was seen, was so before the start.
  if (!first || height <= first.height) return null;
  return list.find((entry) => entry.height >= height)?.atMs ?? null;
}

function trim(map: Map<unknown, unknown>, limit: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= limit) return;
    map.delete(oldest);
  }
}
