import type { PayloadAttributes, PublishedSlice } from "@altlayer/engine";
import type { Mark } from "@altlayer/mach";
import type { Hex } from "@altlayer/protocol";

/** A block in the making, by the slices that the own engine published of it. */
export interface OpenedBlock {
  readonly height: number;
  readonly parentHash: Hex;
  /** What it was opened with. */
  attributes: PayloadAttributes | null;
  /** Where each slice ends. */
  readonly points: { readonly id: Hex; readonly mark: Mark }[];
  /** The certification points among them. */
  readonly marks: Mark[];
  /** How many of the marks were told. */
  told: number;
}

/** A slice, by what names it on the stream. */
export interface SliceName {
  readonly parentHash: Hex;
  readonly index: number;
  readonly id: Hex;
}

/** Blocks that are remembered after the next was opened: marks may come late, and the sealed block asks for them. */
const KEPT = 8;

/** Slices and certification points of the newest blocks in the making. */
export class OpenedBlocks {
  readonly #blocks = new Map<Hex, OpenedBlock>();
  readonly #attributes = new Map<number, PayloadAttributes>();

  /** Said before the engine opens a block, so that its slices are of these attributes. */
  opening(height: number, attributes: PayloadAttributes): void {
    this.#attributes.delete(height);
    this.#attributes.set(height, attributes);
    for (const block of this.#blocks.values()) if (block.height === height) block.attributes ??= attributes;
    trim(this.#attributes);
  }

  add(slice: PublishedSlice): void {
    const { number: height, parentHash, index, id } = slice;
    // A candidate's first slice: whatever was opened on that parent before is gone.
    if (index === 0) {
      const attributes = this.#attributes.get(height) ?? null;
      this.#blocks.delete(parentHash);
      this.#blocks.set(parentHash, { height, parentHash, attributes, points: [], marks: [], told: 0 });
      trim(this.#blocks);
    }
    const block = this.#blocks.get(parentHash);
    if (block?.points.length !== index) return;
    block.points.push({ id, mark: { count: slice.transactionCountTotal, root: slice.transactionRoot } });
  }

  /** Makes the end of a slice a certification point. False if it is not ahead of the last, or not what was executed. */
  mark({ parentHash, index, id }: SliceName): boolean {
    const block = this.#blocks.get(parentHash);
    const point = block?.points[index];
    if (!block || point?.id !== id || point.mark.count <= (block.marks.at(-1)?.count ?? 0)) return false;
    block.marks.push(point.mark);
    return true;
  }

  on(parentHash: Hex): OpenedBlock | undefined {
    return this.#blocks.get(parentHash);
  }
}

function trim(map: Map<unknown, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= KEPT) return;
    map.delete(oldest);
  }
}
