import {
  BLOCK,
  type EqualHeightProof,
  isSlashable,
  type MachDigests,
  type Message,
  type MountainRange,
  relate,
  type SlashingProof,
  type Statement,
} from "@altlayer/protocol";
import type { ExampleBlock } from "../support/chain.ts";
import { keccak256 } from "../support/vectors.ts";

/** Blocks in the order of a range, from height 1 on: those of a chain, or whatever somebody put into it. */
export interface Past {
  readonly blocks: readonly ExampleBlock[];
  readonly history: MountainRange;
}

/** All blocks that a faulty sequencer made: whoever knows them can make any proof there is. */
export class Evidence {
  readonly #digests: MachDigests;
  readonly #blocks = new Map<string, ExampleBlock>();
  readonly #pasts = new WeakMap<Message, Past>();

  constructor(digests: MachDigests) {
    this.#digests = digests;
  }

  learn(block: ExampleBlock): void {
    const { core, transactions } = block;
    for (let count = 1; count <= core.transactionCount; count++) {
      this.#blocks.set(`${core.parentHash} ${core.originHash} ${core.timestamp} ${transactions.root(count)}`, block);
    }
  }

  /** The message's history root is not its chain's, but that of these. */
  learnPast(message: Message, past: Past): void {
    this.#pasts.set(message, past);
  }

  /** Whether one who signed both is slashable. */
  convicts(a: Message, b: Message): boolean {
    return this.#proofs(a, b).some((proof) => isSlashable([a, b], proof, { digests: this.#digests, keccak256 }));
  }

  #proofs(a: Message, b: Message): SlashingProof[] {
    const base: SlashingProof = { form: "BASE" };
    if (a.core.height === b.core.height) return [base, ...this.#atHeight(a, b)];
    const [low, high] = a.core.height < b.core.height ? [a, b] : [b, a];
    const { chain, history } = this.#blockOf(high);
    const range = this.#pasts.get(high) ?? { blocks: chain.blocks, history };
    const core = range.blocks[low.core.height - 1]?.core;
    if (core === undefined) throw new TypeError("a block without its history");
    const inclusion = range.history.inclusion(low.core.height - 1, high.core.height - 1);
    const at = this.#atHeight({ kind: BLOCK, core }, low);
    return [
      base,
      { form: "PARENT" },
      ...at.map((each): SlashingProof => ({ form: "HISTORY", core, inclusion, at: each })),
    ];
  }

  #atHeight(a: Statement, b: Statement): EqualHeightProof[] {
    const relation = relate(a, b);
    if (relation.kind === "compatible") return [];
    if (relation.kind === "incompatible") return [{ form: relation.form }];
    const { short, long } = relation;
    const { transactions } = this.#blockOf({ core: long });
    return [{ form: "PREFIX", nodes: transactions.prefix(short.transactionCount, long.transactionCount) }];
  }

  #blockOf({ core }: Pick<Statement, "core">): ExampleBlock {
    const block = this.#blocks.get(`${core.parentHash} ${core.originHash} ${core.timestamp} ${core.transactionRoot}`);
    if (block === undefined) throw new TypeError(`nobody made the block of height ${core.height}`);
    return block;
  }
}
