/** Counts by name: a node's metrics are made of them. */
export class Counters {
  readonly #counts = new Map<string, number>();

  readonly count = (name: string, by = 1): void => {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  };

  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
