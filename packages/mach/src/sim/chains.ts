import {
  type Base,
  BLOCK,
  type Core,
  type EpochSchedule,
  epochBlock,
  type Hex,
  historyLeaf,
  type Keccak256,
  type MachDigests,
  MountainRange,
  SLICE,
  transactionLeaf,
  ZERO_HASH,
} from "@altlayer/protocol";
import type { Executed, Mark } from "../core/types.ts";

/** L1 and L2 as far as MACH sees them: L1 blocks carry batches, derivation adopts what fits or forces empty blocks. */
export interface L1Block {
  readonly number: number;
  readonly hash: Hex;
  readonly parent: L1Block | null;
  readonly timestamp: number;
  readonly derivedHead: L2Block;
}

export interface L2Block {
  readonly executed: Executed;
  readonly parent: L2Block | null;
  readonly origin: L1Block | null;
  readonly transactions: MountainRange;
  /** Leaves of all blocks from the first up to the parent are its first `height - 1`. */
  readonly history: MountainRange;
}

export interface SliceOf {
  readonly block: L2Block;
  readonly executed: Executed;
}

export interface ChainTiming {
  readonly l1Seconds: number;
  readonly l2Seconds: number;
  /** L1 blocks after which derivation no longer waits for batches. */
  readonly sequencingWindow: number;
}

export interface BlockContent {
  readonly transactions: number;
  /** Certification points: counts of transactions. */
  readonly marks: readonly number[];
  readonly sequenced: boolean;
  /** Attributes and the first `count` transactions of a sibling. */
  readonly shared?: { readonly of: L2Block; readonly count: number };
}

export class Chains {
  readonly timing: ChainTiming;
  readonly genesis: L2Block;
  readonly l1Genesis: L1Block;
  readonly blocks = new Map<Hex, L2Block>();
  readonly #digests: MachDigests;
  readonly #keccak256: Keccak256;
  readonly #forced = new Map<string, L2Block>();
  #hashes = 0;

  constructor(timing: ChainTiming, dependencies: { readonly digests: MachDigests; readonly keccak256: Keccak256 }) {
    this.timing = timing;
    this.#digests = dependencies.digests;
    this.#keccak256 = dependencies.keccak256;
    const core: Core = {
      height: 0,
      timestamp: 0,
      originNumber: 0,
      originHash: ZERO_HASH,
      parentHash: ZERO_HASH,
      attributesHash: ZERO_HASH,
      historyRoot: ZERO_HASH,
      transactionCount: 0,
      transactionRoot: ZERO_HASH,
      blockHash: this.hash(),
      outputRoot: this.hash(),
    };
    this.genesis = {
      executed: { kind: BLOCK, core, marks: [], sequenced: false },
      parent: null,
      origin: null,
      transactions: new MountainRange(dependencies),
      history: new MountainRange(dependencies),
    };
    this.blocks.set(core.blockHash, this.genesis);
    this.l1Genesis = { number: 0, hash: this.hash(), parent: null, timestamp: 0, derivedHead: this.genesis };
  }

  /** A hash that nothing else has. */
  hash(): Hex {
    return `0x${(++this.#hashes).toString(16).padStart(64, "0")}`;
  }

  /** A block on `parent`; `shared` transactions are those of a sibling that it takes over. */
  build(parent: L2Block, origin: L1Block, content: BlockContent): L2Block {
    const height = parent.executed.core.height + 1;
    const transactions = new MountainRange({ keccak256: this.#keccak256 });
    const { shared } = content;
    if (shared !== undefined)
      for (let i = 0; i < shared.count; i++) transactions.append(shared.of.transactions.leaf(i));
    while (transactions.size < content.transactions) transactions.append(this.#leaf());
    const history = this.#historyAfter(parent);
    const core: Core = {
      height,
      timestamp: height * this.timing.l2Seconds,
      originNumber: origin.number,
      originHash: origin.hash,
      parentHash: parent.executed.core.blockHash,
      attributesHash: shared?.of.executed.core.attributesHash ?? this.hash(),
      historyRoot: history.root(height - 1),
      transactionCount: transactions.size,
      transactionRoot: transactions.root(),
      blockHash: this.hash(),
      outputRoot: this.hash(),
    };
    const marks: Mark[] = [
      ...new Set([...content.marks.filter((count) => count < transactions.size), transactions.size]),
    ].map((count) => ({ count, root: transactions.root(count) }));
    const block: L2Block = {
      executed: { kind: BLOCK, core, marks, sequenced: content.sequenced },
      parent,
      origin,
      transactions,
      history,
    };
    this.blocks.set(core.blockHash, block);
    return block;
  }

  /** The first `count` transactions of a block that is not sealed yet. `count` is one of its marks. */
  slice(block: L2Block, count: number): SliceOf {
    const { core, marks, sequenced } = block.executed;
    const root = block.transactions.root(count);
    return {
      block,
      executed: {
        kind: SLICE,
        core: { ...core, transactionCount: count, transactionRoot: root, blockHash: ZERO_HASH, outputRoot: ZERO_HASH },
        marks: marks.filter((mark) => mark.count <= count),
        sequenced,
      },
    };
  }

  /** An L1 block with, perhaps, a batch of all blocks up to `batchTip`. */
  mine(parent: L1Block, batchTip: L2Block | null): L1Block {
    const mined = {
      number: parent.number + 1,
      hash: this.hash(),
      parent,
      timestamp: parent.timestamp + this.timing.l1Seconds,
    };
    return { ...mined, derivedHead: this.#derive(mined, parent.derivedHead, batchTip) };
  }

  base(epoch: number, on: L1Block, schedule: EpochSchedule): Base {
    const block = ancestorL1(on, epochBlock(epoch, schedule));
    const { core } = (block as L1Block).derivedHead.executed;
    return { epoch, l1Hash: (block as L1Block).hash, height: core.height, blockHash: core.blockHash };
  }

  #derive(l1: Omit<L1Block, "derivedHead">, before: L2Block, batchTip: L2Block | null): L2Block {
    let head = before;
    const fresh: L2Block[] = [];
    let at = batchTip;
    while (at !== null && at.executed.core.height > head.executed.core.height) {
      fresh.push(at);
      at = at.parent;
    }
    if (at === head) {
      for (const block of fresh.reverse()) {
        const origin = block.origin as L1Block;
        if (origin.number >= l1.number || ancestorL1(l1.parent as L1Block, origin.number) !== origin) break;
        head = block;
      }
    }
    // The window has passed: the epoch's blocks are empty but for deposits, the same for everybody.
    while (l1.number - (head.origin?.number ?? 0) > this.timing.sequencingWindow) {
      const current = head.origin ?? this.l1Genesis;
      const next = ancestorL1(l1.parent as L1Block, current.number + 1) as L1Block;
      const due = (head.executed.core.height + 1) * this.timing.l2Seconds >= next.timestamp;
      const origin = due ? next : current;
      const key = `${head.executed.core.blockHash} ${origin.hash}`;
      const forced =
        this.#forced.get(key) ?? this.build(head, origin, { transactions: 1, marks: [], sequenced: false });
      this.#forced.set(key, forced);
      head = forced;
    }
    return head;
  }

  /** The parent's range with the parent's own leaf. Branches share a range as far as they agree; a fork gets a copy. */
  #historyAfter(parent: L2Block): MountainRange {
    const { height } = parent.executed.core;
    if (height === 0) return new MountainRange({ keccak256: this.#keccak256 });
    const leaf = this.#historyLeaf(parent);
    if (parent.history.size === height - 1) parent.history.append(leaf);
    if (parent.history.leaf(height - 1) === leaf) return parent.history;
    const copy = new MountainRange({ keccak256: this.#keccak256 });
    for (let i = 0; i < height - 1; i++) copy.append(parent.history.leaf(i));
    copy.append(leaf);
    return copy;
  }

  #historyLeaf(block: L2Block): Hex {
    return historyLeaf(this.#digests.core(block.executed.core), this.#keccak256);
  }

  #leaf(): Hex {
    return transactionLeaf(this.hash(), this.hash(), this.#keccak256);
  }
}

export function ancestorL1(block: L1Block, number: number): L1Block | undefined {
  let at: L1Block | null = block;
  while (at !== null && at.number > number) at = at.parent;
  return at?.number === number ? at : undefined;
}

export function ancestorL2(block: L2Block, height: number): L2Block | undefined {
  let at: L2Block | null = block;
  while (at !== null && at.executed.core.height > height) at = at.parent;
  return at?.executed.core.height === height ? at : undefined;
}
