/** Deterministic randomness by a printed seed: mulberry32, good enough to write programs with. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = this.#state;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (value ^ (value >>> 14)) >>> 0;
  }

  /** Uniform integer in [0, limit). */
  below(limit: number): number {
    return this.#next() % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A random 256-bit word. */
  word(): bigint {
    let word = 0n;
    for (let part = 0; part < 8; part++) word = (word << 32n) | BigInt(this.#next());
    return word;
  }
}
