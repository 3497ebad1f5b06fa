import type { RollupRecord, StepRecord } from "./store/rollup-records.ts";

export type PlatformEvent =
  | { readonly kind: "changed"; readonly teamId: string; readonly rollupId: string }
  | { readonly kind: "step"; readonly teamId: string; readonly rollupId: string; readonly step: StepRecord };

/** Tells listeners of this process what has changed. What they are told, they read from the store. */
export class EventHub {
  readonly #listeners = new Set<(event: PlatformEvent) => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  changed({ id, teamId }: Pick<RollupRecord, "id" | "teamId">): void {
    this.#emit({ kind: "changed", teamId, rollupId: id });
  }

  step({ id, teamId }: Pick<RollupRecord, "id" | "teamId">, step: StepRecord): void {
    this.#emit({ kind: "step", teamId, rollupId: id, step });
  }

  on(listener: (event: PlatformEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #emit(event: PlatformEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
