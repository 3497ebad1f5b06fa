/** A map with a limit: the longest unchanged goes. */
export class Bounded<Key, Value> {
  readonly #limit: number;
  readonly #entries = new Map<Key, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) break;
      this.#entries.delete(oldest);
    }
  }

  /** Takes all out. */
  drain(): readonly (readonly [Key, Value])[] {
    const all = [...this.#entries];
    this.#entries.clear();
    return all;
  }
}
