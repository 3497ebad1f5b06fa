import {
  appendLeaf,
  type Base,
  BLOCK,
  type Core,
  EMPTY_RANGE,
  type Hex,
  historyLeaf,
  type Keccak256,
  type MachDigests,
  type Message,
  MountainRange,
  SLICE,
  transactionLeaf,
  ZERO_HASH,
} from "@altlayer/protocol";
import type { Extension } from "../../src/index.ts";

/** A hash that says where it comes from: `label` in ASCII, right-aligned. */
export function named(label: string): Hex {
  return `0x${Buffer.from(label).toString("hex").padStart(64, "0")}`;
}

export interface ExampleBlock {
  readonly core: Core;
  readonly transactions: MountainRange;
  readonly history: MountainRange;
  readonly chain: ExampleChain;
}

/** One branch, with the ranges behind its roots. Heights begin above `base.height`, the base of epoch 0. */
export class ExampleChain {
  readonly blocks: ExampleBlock[] = [];
  readonly #history: MountainRange;
  readonly #base: Base;
  readonly #digests: MachDigests;
  readonly #keccak256: Keccak256;

  constructor(base: Base, dependencies: { readonly digests: MachDigests; readonly keccak256: Keccak256 }) {
    this.#base = base;
    this.#digests = dependencies.digests;
    this.#keccak256 = dependencies.keccak256;
    this.#history = new MountainRange(dependencies);
  }

  /** A branch that shares the first `count` blocks. */
  fork(count: number): ExampleChain {
    const fork = new ExampleChain(this.#base, { digests: this.#digests, keccak256: this.#keccak256 });
    for (const { core, transactions } of this.blocks.slice(0, count)) fork.#append(core, transactions);
    return fork;
  }

  add(labels: readonly string[], fields: Partial<Core> = {}): ExampleBlock {
    const transactions = this.transactions(labels);
    const height = this.#base.height + 1 + this.blocks.length;
    const core: Core = {
      height,
      timestamp: 1_700_000_000 + 2 * height,
      originNumber: 100 + Math.floor(height / 6),
      originHash: named(`origin ${Math.floor(height / 6)}`),
      parentHash: this.blocks.at(-1)?.core.blockHash ?? this.#base.blockHash,
      attributesHash: named(`attributes ${height}`),
      historyRoot: this.#history.root(),
      transactionCount: labels.length,
      transactionRoot: transactions.root(),
      blockHash: named(`block ${height} ${labels.join(",")}`.slice(0, 32)),
      outputRoot: named(`output ${height} ${labels.join(",")}`.slice(0, 32)),
      ...fields,
    };
    return this.#append(core, transactions);
  }

  transactions(labels: readonly string[]): MountainRange {
    const range = new MountainRange({ keccak256: this.#keccak256 });
    for (const label of labels) range.append(transactionLeaf(named(label), named(`receipt ${label}`), this.#keccak256));
    return range;
  }

  #append(core: Core, transactions: MountainRange): ExampleBlock {
    const block = { core, transactions, history: this.#history, chain: this };
    this.blocks.push(block);
    this.#history.append(historyLeaf(this.#digests.core(core), this.#keccak256));
    return block;
  }
}

/** How the message goes on with the tip, by the blocks of a branch whose heights begin with 1. */
export function extensionOn(
  { blocks }: { readonly blocks: readonly ExampleBlock[] },
  { tip, message }: { readonly tip: Message; readonly message: Message },
  { digests, keccak256 }: { readonly digests: MachDigests; readonly keccak256: Keccak256 },
): Extension {
  const { height, transactionCount } = tip.core;
  let history = EMPTY_RANGE;
  for (const { core } of blocks.slice(0, height - 1)) {
    history = appendLeaf(history, historyLeaf(digests.core(core), keccak256), keccak256);
  }
  const cores = blocks.slice(height - 1, message.core.height - 1).map(({ core }) => core);
  const size = (cores[0] ?? message.core).transactionCount;
  const list = blocks[height - 1]?.transactions;
  const isLonger = tip.kind === SLICE && size > transactionCount && size <= (list?.size ?? 0);
  return { history, cores, prefix: isLonger && list ? list.prefix(transactionCount, size) : [] };
}

export function blockMessage(block: ExampleBlock, base: Base): Message {
  return { kind: BLOCK, core: block.core, base };
}

export function sliceMessage(block: ExampleBlock, count: number, base: Base): Message {
  return {
    kind: SLICE,
    core: {
      ...block.core,
      transactionCount: count,
      transactionRoot: block.transactions.root(count),
      blockHash: ZERO_HASH,
      outputRoot: ZERO_HASH,
    },
    base,
  };
}
