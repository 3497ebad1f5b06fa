import {
  appendLeaf,
  EMPTY_RANGE,
  type Hex,
  type Keccak256,
  type RangePeaks,
  rangeRoot,
  transactionLeaf,
} from "@altlayer/protocol";
import type { Logger } from "../log.ts";
import { receiptHashes } from "../slices/flashblock-receipts.ts";
import type { DetailedSlice, SliceFeed } from "../slices/slice-feed.ts";

/** Blocks in the making that are remembered, as `OpenedBlocks` does. */
const KEPT = 8;

interface OpenBlockLeaves {
  readonly leaves: Hex[];
  range: RangePeaks;
}

/**
 * The leaves of blocks in the making, as the own engine published them: what shows a signer in another process that a slice
 * goes on with the one before. The engine tells roots only, so they are made from the receipts of the stream, and must come
 * to its root.
 */
export class OpenLeaves {
  readonly #keccak256: Keccak256;
  readonly #log: Logger;
  readonly #blocks = new Map<Hex, OpenBlockLeaves>();
  readonly #stop: () => void;

  constructor(dependencies: { readonly feed: SliceFeed; readonly keccak256: Keccak256; readonly log: Logger }) {
    this.#keccak256 = dependencies.keccak256;
    this.#log = dependencies.log;
    this.#stop = dependencies.feed.listen({ slice: (slice) => this.#add(slice) });
  }

  /** Of the block on that parent, as far as it is known. */
  on(parentHash: Hex): readonly Hex[] {
    return this.#blocks.get(parentHash)?.leaves ?? [];
  }

  close(): void {
    this.#stop();
  }

  #add(slice: DetailedSlice): void {
    const { parentHash, index } = slice;
    if (index === 0) {
      this.#blocks.delete(parentHash);
      this.#blocks.set(parentHash, { leaves: [], range: EMPTY_RANGE });
      for (const oldest of this.#blocks.keys()) {
        if (this.#blocks.size <= KEPT) break;
        this.#blocks.delete(oldest);
      }
    }
    const block = this.#blocks.get(parentHash);
    // One that was not heard from its beginning, or whose leaves came out otherwise.
    if (block?.leaves.length !== slice.transactionCountTotal - slice.transactionCount) return;
    const leaves = this.#leavesOf(slice);
    const range = leaves.reduce<RangePeaks>((before, leaf) => appendLeaf(before, leaf, this.#keccak256), block.range);
    if (rangeRoot(range, this.#keccak256) !== slice.transactionRoot) {
      this.#log.error("the leaves of a slice are not those of its root", { number: slice.number, index });
      return;
    }
    block.leaves.push(...leaves);
    block.range = range;
  }

  #leavesOf({ detail }: DetailedSlice): readonly Hex[] {
    const { hashes, flashblock } = detail;
    const receipts = receiptHashes(JSON.parse(flashblock), hashes) ?? [];
    return receipts.map((receipt, i) => transactionLeaf(hashes[i] as Hex, receipt, this.#keccak256));
  }
}
