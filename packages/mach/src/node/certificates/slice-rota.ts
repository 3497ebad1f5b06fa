import { BLOCK, type Hex, type MachDigests, type Message } from "@altlayer/protocol";
import { sliceAggregators } from "../../core/slice-aggregators.ts";
import type { EpochTable, TableMember } from "../table/epoch-table.ts";

export interface SliceRotaDependencies {
  readonly digests: MachDigests;
  readonly table: (epoch: number) => EpochTable | undefined;
  /** Of this node; null where it speaks for none. */
  readonly operator: Hex | null;
  readonly isLinked: (operator: Hex) => boolean;
}

/** Which operators gather a slice's signatures first, and which of them sends the certificate on (docs/spec/mach.md, section 8). */
export class SliceRota {
  readonly #count: number;
  readonly #d: SliceRotaDependencies;

  constructor(options: { readonly count: number }, dependencies: SliceRotaDependencies) {
    this.#count = options.count;
    this.#d = dependencies;
  }

  /** In the order of the draw; null: all do, since it is a block, or they are few. */
  firstOf(message: Message): readonly Hex[] | null {
    const table = message.kind === BLOCK ? undefined : this.#d.table(message.base.epoch);
    if (table === undefined || table.members.size <= this.#count) return null;
    const indices = sliceAggregators(this.#d.digests.message(message), [...table.members.keys()], this.#count);
    return indices.map((index) => (table.members.get(index) as TableMember).operator);
  }

  /** Whether this node is the first of them that can be reached from here. */
  isFirst(message: Message): boolean {
    const { operator, isLinked } = this.#d;
    if (operator === null) return false;
    return this.firstOf(message)?.find((each) => each === operator || isLinked(each)) === operator;
  }
}
