import type { Hex, L1Block } from "@altlayer/protocol";
import type { L1Reader } from "../l1/l1-client.ts";
import type { L1Data } from "./l1-data.ts";

/**
 * Reads the L1 blocks that derivation will ask for next while it works on this one: a follower that is months behind
 * must not wait for three round trips a block. What was read too early is caught like any reorg: by its parent hash.
 */
export class L1Ahead {
  readonly #depth: number;
  readonly #l1: L1Reader;
  readonly #l1Data: L1Data;
  readonly #reading = new Map<number, Promise<L1Block | null>>();

  constructor(options: { readonly depth: number }, dependencies: { readonly l1: L1Reader; readonly l1Data: L1Data }) {
    this.#depth = options.depth;
    this.#l1 = dependencies.l1;
    this.#l1Data = dependencies.l1Data;
  }

  /** The canonical block of that number, by the L1's head if it is known; begins to read those after it, up to `last`. */
  async take(number: number, last: number, head: Hex | null): Promise<L1Block | null> {
    const block = this.#reading.get(number) ?? this.#read(number, head);
    for (const known of this.#reading.keys()) {
      if (known <= number || known > number + this.#depth) this.#reading.delete(known);
    }
    for (let next = number + 1; next <= Math.min(number + this.#depth, last); next++) {
      if (this.#reading.has(next)) continue;
      const ahead = this.#read(next, head);
      // Thrown to whoever takes it; until then nobody listens.
      ahead.catch(() => {});
      this.#reading.set(next, ahead);
    }
    return block;
  }

  clear(): void {
    this.#reading.clear();
  }

  async #read(number: number, head: Hex | null): Promise<L1Block | null> {
    const header = (head && this.#l1.ancestorAtHand(head, number)) ?? (await this.#l1.headerByNumber(number));
    return header && (await this.#l1Data.block(header));
  }
}
