import type { Executed, Mark } from "@altlayer/mach";
import { type Hex, type Keccak256, type RangePeaks, rangeRoot } from "@altlayer/protocol";

/** A sealed block and the range over the cores up to and with it. */
export interface SealedBlock {
  readonly height: number;
  readonly hash: Hex;
  readonly history: RangePeaks;
}

/** A block whose core is known, and its leaf in the range. */
export interface LeafBlock extends SealedBlock {
  readonly leaf: Hex;
  readonly executed: Executed;
}

/**
 * The sealed blocks above what finalised L1 data settle, forks included, and where the canonical chain of them ends. Nothing
 * at or below the floor is kept.
 */
export class SealedBlocks {
  readonly #known = new Map<Hex, LeafBlock>();
  readonly #canonical = new Map<number, Hex>();
  #floor: SealedBlock;
  #cursor: SealedBlock;

  constructor(floor: SealedBlock) {
    this.#floor = floor;
    this.#cursor = floor;
  }

  get floor(): SealedBlock {
    return this.#floor;
  }

  /** The highest canonical block that is known. */
  get cursor(): SealedBlock {
    return this.#cursor;
  }

  /** All that is known, ancestors first. */
  get all(): Iterable<Executed> {
    return this.#known.values().map(({ executed }) => executed);
  }

  get(hash: Hex): Executed | undefined {
    return this.#known.get(hash)?.executed;
  }

  at(height: number): Executed | undefined {
    const hash = this.#canonical.get(height);
    return hash === undefined ? undefined : this.get(hash);
  }

  /** The root over the cores up to and with that block. @throws RangeError for one that is not known */
  historyRoot(hash: Hex, keccak256: Keccak256): Hex {
    return rangeRoot(this.#sealed(hash).history, keccak256);
  }

  history(hash: Hex): RangePeaks {
    return this.#sealed(hash).history;
  }

  has(hash: Hex): boolean {
    return hash === this.#floor.hash || this.#known.has(hash);
  }

  /** The blocks above the floor up to and with that one, the lowest first; `null` if they do not stand on the floor. */
  branch(hash: Hex): readonly LeafBlock[] | null {
    const blocks: LeafBlock[] = [];
    for (let at = hash; at !== this.#floor.hash; ) {
      const block = this.#known.get(at);
      if (!block) return null;
      blocks.push(block);
      at = block.executed.core.parentHash;
    }
    return blocks.reverse();
  }

  /** Adds a block on the cursor, or takes a known one, and moves the cursor to it. */
  extend(block: LeafBlock): void {
    const known = this.#known.get(block.hash) ?? block;
    this.#known.set(block.hash, known);
    this.#canonical.set(known.height, known.hash);
    this.#cursor = known;
  }

  replace(executed: Executed): void {
    const { blockHash } = executed.core;
    const known = this.#known.get(blockHash);
    if (known) this.#known.set(blockHash, { ...known, executed });
  }

  /** Below everything known: a settled block of which nothing but the history is kept. */
  raise(floor: SealedBlock): void {
    this.#floor = floor;
    if (this.#cursor.height <= floor.height) this.#cursor = floor;
    for (const [hash, { height }] of this.#known) if (height <= floor.height) this.#known.delete(hash);
    for (const height of this.#canonical.keys()) if (height <= floor.height) this.#canonical.delete(height);
  }

  /** The canonical chain is another from `height` on. False if that is below the floor. */
  cut(height: number): boolean {
    if (height <= this.#floor.height) return false;
    while (this.#cursor.height >= height) {
      this.#canonical.delete(this.#cursor.height);
      const parent = this.get(this.#cursor.hash)?.core.parentHash;
      this.#cursor = (parent && this.#known.get(parent)) || this.#floor;
    }
    return true;
  }

  #sealed(hash: Hex): SealedBlock {
    const block = hash === this.#floor.hash ? this.#floor : this.#known.get(hash);
    if (!block) throw new RangeError(`block ${hash} is not known`);
    return block;
  }
}

/** The marks of the slices that became a block, as far as they are shown to be prefixes of it. */
export function marksOf(
  block: { readonly count: number; readonly root: Hex },
  slices: { readonly points: readonly { readonly mark: Mark }[]; readonly marks: readonly Mark[] } | undefined,
): readonly Mark[] {
  const last = slices?.points.at(-1)?.mark;
  // The root of the last slice binds all of the list, and the marks are roots of its prefixes.
  const became = last?.count === block.count && last.root === block.root;
  return became ? (slices?.marks ?? []) : [];
}
