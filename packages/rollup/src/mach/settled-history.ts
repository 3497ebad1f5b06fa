import { join } from "node:path";
import { EMPTY_RANGE, type Hex, joinNodes, type Keccak256, rangeRoot, rangeSplit, ZERO_HASH } from "@altlayer/protocol";
import type { Logger } from "../log.ts";
import { HistoryFile, type HistoryRecord } from "./history-file.ts";
import { HistoryTree } from "./history-tree.ts";
import type { SealedBlock } from "./sealed-blocks.ts";

/** What it takes to go on with a history: where it begins and ends, and its range's peaks. */
export type KnownHistory = Pick<HistoryRecord, "first" | "last" | "peaks">;
/** A block by its height and hash. */
export type BlockName = HistoryRecord["first"];

export interface SettledHistoryDependencies {
  /** The canonical block's hash; `null` where the chain here has none of that height. */
  readonly hashAt: (height: number) => Promise<Hex | null>;
  readonly keccak256: Keccak256;
  readonly log: Logger;
}

/**
 * The history of a service's blocks as far as finalised L1 data settle it, durably: what new messages are based on, and what
 * proofs of old blocks are made from. The nodes are written before the record that counts them; what a crash leaves
 * behind the record's count is written over.
 */
export class SettledHistory {
  readonly #startBlock: number;
  readonly #file: HistoryFile;
  readonly #tree: HistoryTree;
  readonly #d: SettledHistoryDependencies;
  #first: BlockName | null = null;
  #last: BlockName | null = null;
  #unknown = 0;
  #recordedHeight = -1;

  private constructor(
    startBlock: number,
    parts: { readonly file: HistoryFile; readonly tree: HistoryTree },
    dependencies: SettledHistoryDependencies,
  ) {
    this.#startBlock = startBlock;
    this.#file = parts.file;
    this.#tree = parts.tree;
    this.#d = dependencies;
  }

  /** @param options.startBlock of the service: a record of another one is of no use */
  static async open(
    options: { readonly directory: string; readonly startBlock: number },
    dependencies: SettledHistoryDependencies,
  ): Promise<SettledHistory> {
    const path = join(options.directory, "mach-history");
    const file = new HistoryFile({ path }, dependencies);
    const tree = await HistoryTree.open(`${path}.tree`, dependencies);
    return new SettledHistory(options.startBlock, { file, tree }, dependencies);
  }

  get hashAt(): SettledHistoryDependencies["hashAt"] {
    return this.#d.hashAt;
  }

  /** The block that the history begins above. */
  get first(): BlockName | null {
    return this.#first;
  }

  /** Up to which height it is on disk. */
  get recordedHeight(): number {
    return this.#recordedHeight;
  }

  /** Of so many of the first blocks there are no proofs. */
  get unknown(): number {
    return this.#unknown;
  }

  /**
   * What is on record, if it is of the chain here; the nodes are made again where they are damaged.
   * @param options.isDamaged the nodes are, although their peaks are whole
   */
  async resume({ isDamaged }: { readonly isDamaged: boolean }): Promise<SealedBlock | null> {
    const { hashAt, log } = this.#d;
    const record = await this.#file.read();
    if (record?.startBlock !== this.#startBlock) return null;
    const { first, last, peaks, unknown } = record;
    if ((await hashAt(last.height)) !== last.hash) return null;
    const range = { size: last.height - first.height, peaks };
    if (!isDamaged && (await this.#tree.resume(range))) {
      this.#stand(first, last, unknown);
      return { ...last, history: range };
    }
    // The blocks behind a snapshot are not here to make it from.
    if (unknown === 0 && (await hashAt(first.height + 1)) !== null) {
      log.warn("the nodes of the history are damaged: they are made again from the chain", { from: first.height });
      return this.begin(first);
    }
    log.warn("the nodes of the history are damaged: older blocks have no proofs any more", { below: last.height });
    return this.adopt({ first, last, peaks });
  }

  /** Begins above the base of epoch 0. */
  async begin(first: BlockName): Promise<SealedBlock> {
    await this.#tree.begin(EMPTY_RANGE);
    this.#stand(first, first, 0);
    return { ...first, history: EMPTY_RANGE };
  }

  /** Begins with what others say of the blocks up to `last`. */
  async adopt(known: KnownHistory): Promise<SealedBlock> {
    const { first, last, peaks } = known;
    const range = { size: last.height - first.height, peaks };
    await this.#tree.begin(range);
    this.#stand(first, last, range.size);
    await this.#write();
    return { ...last, history: range };
  }

  /** Adds settled blocks, the lowest first; `last` is the highest of them. */
  append(leaves: readonly Hex[], last: BlockName): void {
    for (const leaf of leaves) this.#tree.append(leaf);
    this.#last = last;
  }

  /** Resolves once all that was added is on disk. */
  async save(): Promise<void> {
    if (this.#last === null || this.#last.height <= this.#recordedHeight) return;
    await this.#tree.flush();
    await this.#write();
  }

  close(): Promise<void> {
    return this.#tree.close();
  }

  /** Settled blocks. */
  get size(): number {
    return this.#tree.range.size;
  }

  /** Over them, by the peaks in memory. */
  get root(): Hex {
    return rangeRoot(this.#tree.range, this.#d.keccak256);
  }

  /**
   * The root of leaves [from, to): a part of the tree as `inclusionRanges` and `rangeSplit` cut it.
   * @param above the leaves of a branch, from leaf `size` on: what is below is settled, and stays as it is
   */
  async rangeRoot(
    from: number,
    to: number,
    above: { readonly size: number; readonly leaves: readonly Hex[] },
  ): Promise<Hex> {
    if (from === to) return ZERO_HASH;
    const length = to - from;
    const level = Math.round(Math.log2(length));
    if (to <= above.size && 2 ** level === length) return this.#tree.node(level, from / length);
    if (length === 1) {
      const leaf = above.leaves[from - above.size];
      if (leaf === undefined) throw new RangeError(`leaf ${from} is not known`);
      return leaf;
    }
    const middle = rangeSplit(from, to);
    const left = await this.rangeRoot(from, middle, above);
    return joinNodes(left, await this.rangeRoot(middle, to, above), this.#d.keccak256);
  }

  /** The peaks of the first `size` leaves; `null` where their nodes were never known. */
  async peaks(
    size: number,
    above: { readonly size: number; readonly leaves: readonly Hex[] },
  ): Promise<readonly Hex[] | null> {
    if (size < this.#unknown) return null;
    const peaks: Hex[] = [];
    for (let from = 0, level = Math.floor(Math.log2(Math.max(1, size))); level >= 0; level--) {
      const length = 2 ** level;
      if (Math.floor(size / length) % 2 === 0) continue;
      peaks.push(await this.rangeRoot(from, from + length, above));
      from += length;
    }
    return peaks;
  }

  #stand(first: BlockName, last: BlockName, unknown: number): void {
    this.#first = first;
    this.#last = last;
    this.#unknown = unknown;
    this.#recordedHeight = last.height;
  }

  async #write(): Promise<void> {
    if (this.#first === null || this.#last === null) return;
    const { peaks } = this.#tree.range;
    const record = { startBlock: this.#startBlock, first: this.#first, last: this.#last, unknown: this.#unknown };
    const { height } = this.#last;
    await this.#file.write({ ...record, peaks: [...peaks] });
    this.#recordedHeight = height;
  }
}
