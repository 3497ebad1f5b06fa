import type { Hex } from "@altlayer/protocol";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { L1Reader } from "../l1/l1-client.ts";

export interface L1Block {
  readonly number: number;
  readonly hash: Hex;
}

/** How far back from the head blocks are known: an origin is within the sequencer's drift, which is less. */
const DEPTH = 256;

/** The L1's canonical blocks near its head. */
export class L1Blocks {
  readonly #d: { readonly l1: L1Reader; readonly watcher: Pick<HeadWatcher, "heads"> };
  readonly #hashes = new Map<number, Hex>();
  #head: L1Block | null = null;

  constructor(dependencies: { readonly l1: L1Reader; readonly watcher: Pick<HeadWatcher, "heads"> }) {
    this.#d = dependencies;
  }

  /** Blocks that became canonical since the last call, the lowest first: what was known above it is gone. */
  async news(): Promise<readonly L1Block[]> {
    const latest = this.#d.watcher.heads?.latest;
    if (!latest || latest.hash === this.#head?.hash) return [];
    const added: L1Block[] = [];
    let block: { readonly number: number; readonly hash: Hex; readonly parentHash: Hex } = latest;
    for (;;) {
      added.push({ number: block.number, hash: block.hash });
      const isKnown = this.#hashes.get(block.number - 1) === block.parentHash;
      if (isKnown || block.number === 0 || added.length === DEPTH) break;
      block = await this.#d.l1.headerByHash(block.parentHash);
    }
    added.reverse();
    const lowest = added[0]?.number ?? 0;
    for (const number of this.#hashes.keys()) {
      if (number >= lowest || number <= latest.number - DEPTH) this.#hashes.delete(number);
    }
    for (const { number, hash } of added) this.#hashes.set(number, hash);
    this.#head = latest;
    return added;
  }

  /** Whether the L1 has another block at that number, as far as is known. */
  isReplaced(number: number, hash: Hex): boolean {
    const known = this.#hashes.get(number);
    return known !== undefined && known !== hash;
  }

  /** What is known, the lowest first. */
  get known(): readonly L1Block[] {
    return [...this.#hashes].map(([number, hash]) => ({ number, hash })).sort((a, b) => a.number - b.number);
  }
}
