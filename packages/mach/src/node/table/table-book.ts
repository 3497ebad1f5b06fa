import type { EpochTable } from "./epoch-table.ts";

const MAX_TABLES = 32;

/** The newest epochs' tables. */
export class TableBook {
  readonly #tables = new Map<number, EpochTable>();
  #newest: EpochTable | null = null;

  add(table: EpochTable): void {
    this.#tables.set(table.epoch, table);
    if (this.#newest === null || table.epoch > this.#newest.epoch) this.#newest = table;
    const epochs = [...this.#tables.keys()].sort((a, b) => a - b);
    for (const epoch of epochs.slice(0, -MAX_TABLES)) this.#tables.delete(epoch);
  }

  get newest(): EpochTable | null {
    return this.#newest;
  }

  of(epoch: number): EpochTable | undefined {
    return this.#tables.get(epoch);
  }

  newestFirst(): EpochTable[] {
    return [...this.#tables.values()].sort((a, b) => b.epoch - a.epoch);
  }
}
