import { type FileHandle, open } from "node:fs/promises";
import { EMPTY_RANGE, type Hex, joinNodes, type Keccak256, type RangePeaks } from "@altlayer/protocol";
import { bytesToHex, hexToBytes } from "viem/utils";

const NODE_BYTES = 32;

/**
 * The mountain range of a service's history on disk (docs/spec/mach.md, section 3): every node of its perfect subtrees, in
 * post-order. A leaf and the nodes that it completes lie behind one another, so that appending is one write, and any node
 * is found by arithmetic: 64 bytes a block, and no part of it in memory.
 *
 * Nothing here tells a damaged node from a whole one. The caller keeps the peaks beside the file (`holds`), and every proof
 * ends in a root that it knows.
 */
export class HistoryTree {
  readonly #file: FileHandle;
  readonly #keccak256: Keccak256;
  #range: RangePeaks = EMPTY_RANGE;
  /** Nodes that are on disk, and those behind them that are about to be. */
  #written = 0;
  #pending: Hex[] = [];

  private constructor(file: FileHandle, keccak256: Keccak256) {
    this.#file = file;
    this.#keccak256 = keccak256;
  }

  /** Opens or makes the file; `resume` or `begin` says what is in it. */
  static async open(path: string, { keccak256 }: { readonly keccak256: Keccak256 }): Promise<HistoryTree> {
    await open(path, "a", 0o600).then((made) => made.close());
    return new HistoryTree(await open(path, "r+"), keccak256);
  }

  get range(): RangePeaks {
    return this.#range;
  }

  /** Goes on with a range whose nodes are in the file. @returns false, and nothing changed, if its peaks are not */
  async resume(range: RangePeaks): Promise<boolean> {
    for (const [i, position] of peakPositions(range.size).entries()) {
      if ((await this.#read(position)) !== range.peaks[i]) return false;
    }
    this.#take(range);
    return true;
  }

  /** Goes on with a range of which nothing but the peaks is known: proofs are of later leaves only. */
  async begin(range: RangePeaks): Promise<void> {
    for (const [i, position] of peakPositions(range.size).entries()) {
      await this.#file.write(hexToBytes(range.peaks[i] as Hex), 0, NODE_BYTES, position * NODE_BYTES);
    }
    this.#take(range);
  }

  /** On disk after `flush`. */
  append(leaf: Hex): void {
    const peaks = [...this.#range.peaks];
    let node = leaf;
    this.#pending.push(node);
    for (let rest = this.#range.size; rest % 2 === 1; rest = (rest - 1) / 2) {
      node = joinNodes(peaks.pop() as Hex, node, this.#keccak256);
      this.#pending.push(node);
    }
    this.#range = { size: this.#range.size + 1, peaks: [...peaks, node] };
  }

  /** Resolves once all that was appended is on disk. */
  async flush(): Promise<void> {
    const nodes = this.#pending;
    if (nodes.length === 0) return;
    const bytes = Buffer.concat(nodes.map((node) => hexToBytes(node)));
    await this.#file.write(bytes, 0, bytes.length, this.#written * NODE_BYTES);
    await this.#file.datasync();
    this.#written += nodes.length;
    this.#pending = this.#pending.slice(nodes.length);
  }

  /**
   * The root of a perfect subtree: of the `2 ** level` leaves from `index * 2 ** level` on. Zeros, or what a crash left there,
   * where it was never known.
   */
  node(level: number, index: number): Promise<Hex> {
    return this.#read(leafPosition((index + 1) * 2 ** level - 1) + level);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #take(range: RangePeaks): void {
    this.#range = range;
    this.#written = leafPosition(range.size);
    this.#pending = [];
  }

  async #read(position: number): Promise<Hex> {
    const pending = this.#pending[position - this.#written];
    if (pending !== undefined) return pending;
    const bytes = new Uint8Array(NODE_BYTES);
    await this.#file.read(bytes, 0, NODE_BYTES, position * NODE_BYTES);
    return bytesToHex(bytes);
  }
}

/** Nodes before leaf `index`: all leaves below it, and the subtrees that they complete. */
function leafPosition(index: number): number {
  let completed = index;
  for (let rest = index; rest > 0; rest = Math.floor(rest / 2)) completed -= rest % 2;
  return index + completed;
}

/** Where the peaks of a range of that size lie, the largest first. */
function peakPositions(size: number): number[] {
  const positions: number[] = [];
  let from = 0;
  for (let level = Math.floor(Math.log2(Math.max(1, size))); level >= 0; level--) {
    if (Math.floor(size / 2 ** level) % 2 === 0) continue;
    from += 2 ** level;
    positions.push(leafPosition(from - 1) + level);
  }
  return positions;
}
