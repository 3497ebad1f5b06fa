import type { Engine, PublishedSlice, UndoneSlices } from "@altlayer/engine";

export type DetailedSlice = PublishedSlice & { readonly detail: NonNullable<PublishedSlice["detail"]> };

export interface SliceListener {
  /** Slices in their order. The first one heard may stand amid a block. */
  readonly slice?: (slice: DetailedSlice) => void;
  readonly undone?: (undone: UndoneSlices) => void;
}

/** Published slices with their contents, which the engine spells out only while somebody listens. */
export class SliceFeed {
  readonly #engine: Engine;
  readonly #listeners = new Set<SliceListener>();
  readonly #stop: () => void;

  constructor(dependencies: { readonly engine: Engine }) {
    this.#engine = dependencies.engine;
    this.#stop = this.#engine.onEvent((event) => {
      if (event.kind === "slice" && event.detail) {
        const slice = { ...event, detail: event.detail };
        for (const listener of this.#listeners) listener.slice?.(slice);
      } else if (event.kind === "undone") {
        for (const listener of this.#listeners) listener.undone?.(event);
      }
    });
  }

  /** Whether this node's engine makes slices. */
  get available(): boolean {
    return this.#engine.slices !== null;
  }

  listen(listener: SliceListener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#watch(true);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#watch(false);
    };
  }

  close(): void {
    this.#stop();
    this.#listeners.clear();
  }

  #watch(watched: boolean): void {
    // Fails only while the engine closes, when nothing more is published.
    this.#engine.slices?.watch(watched).catch(() => undefined);
  }
}
