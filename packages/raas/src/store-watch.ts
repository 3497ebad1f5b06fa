import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@altlayer/rollup";
import { problemOf } from "./errors.ts";
import type { EventHub } from "./events.ts";
import type { RollupStore } from "./store/rollups.ts";

const POLL_MS = 1_000;

/**
 * Notices what other control planes write into the store that we share: an order that came to the one that does not
 * hold the lease, and progress for those who look at the one that does not make it.
 */
export class StoreWatch {
  readonly #rollups: RollupStore;
  readonly #events: EventHub;
  readonly #log: Logger;
  readonly #onOrder: (id: string) => void;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #seen: ReadonlyMap<string, { readonly order: string; readonly state: string }> | null = null;

  constructor(dependencies: {
    readonly rollups: RollupStore;
    readonly events: EventHub;
    readonly log: Logger;
    /** What is wanted of this rollup has changed. */
    readonly onOrder: (id: string) => void;
  }) {
    this.#rollups = dependencies.rollups;
    this.#events = dependencies.events;
    this.#log = dependencies.log;
    this.#onOrder = dependencies.onOrder;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#look().catch((error: unknown) =>
        this.#log.warn("cannot look what other control planes wrote", { error: problemOf(error).message }),
      );
      await sleep(POLL_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    const before = this.#seen;
    const now = new Map<string, { readonly order: string; readonly state: string }>();
    for (const rollup of await this.#rollups.outline()) {
      const order = `${rollup.revision} ${rollup.desired}`;
      const state = `${rollup.phase} ${rollup.updatedAt}`;
      now.set(rollup.id, { order, state });
      const known = before?.get(rollup.id);
      if (before === null || (known?.order === order && known.state === state)) continue;
      this.#events.changed(rollup);
      if (known?.order !== order) this.#onOrder(rollup.id);
    }
    this.#seen = now;
  }
}
