import type { Hex } from "@altlayer/engine";
import { proxyError } from "./errors.ts";
import type { BlockRef, Upstream } from "./upstream.ts";

/** Blocks that filters may lag, and that a new head may lie above the last one to be linked to it. */
export const WINDOW_BLOCKS = 1024;

/** The newest certified blocks, each the parent of the next by their hashed headers. */
export class FinalChain {
  readonly #upstream: Upstream;
  #blocks: BlockRef[] = [];

  constructor(dependencies: { readonly upstream: Upstream }) {
    this.#upstream = dependencies.upstream;
  }

  get head(): BlockRef | null {
    return this.#blocks.at(-1) ?? null;
  }

  /** The window's block at a height. */
  at(number: number): BlockRef | null {
    const first = this.#blocks[0];
    return first === undefined ? null : (this.#blocks[number - first.number] ?? null);
  }

  /** Blocks above a height, oldest first; `null` if the window does not reach back so far. */
  above(number: number): readonly BlockRef[] | null {
    const first = this.#blocks[0];
    if (first === undefined || number + 1 < first.number) return null;
    return this.#blocks.slice(number + 1 - first.number);
  }

  /**
   * The blocks from above the head up to `next`, by parent hashes. `null`: they do not lead to the head, so `next` is
   * of another chain. A head too far below is not linked to: only `next` itself is returned.
   */
  async linkTo(next: BlockRef): Promise<readonly BlockRef[] | null> {
    const { head } = this;
    if (head === null || next.number - head.number > WINDOW_BLOCKS) return [next];
    if (next.number <= head.number) return null;
    const found: BlockRef[] = [];
    for (let hash: Hex = next.hash, number = next.number; number > head.number; number--) {
      const block = await this.#upstream.block(hash, false);
      if (block === null) throw proxyError("UPSTREAM_MOVED", "the chain's RPC lacks a certified block", { hash });
      if (block.header.number !== number) return null;
      found.push({ number, hash });
      hash = block.header.parentHash;
      if (number - 1 === head.number && hash !== head.hash) return null;
    }
    return found.reverse();
  }

  append(blocks: readonly BlockRef[]): void {
    const linked = (blocks[0]?.number ?? 0) === (this.head?.number ?? -1) + 1;
    this.#blocks = (linked ? [...this.#blocks, ...blocks] : [...blocks]).slice(-WINDOW_BLOCKS);
  }

  restart(head: BlockRef): void {
    this.#blocks = [head];
  }
}
