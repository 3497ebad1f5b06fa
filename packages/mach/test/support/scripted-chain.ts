import { type Base, epochBlock, type Hex, type MachDigests, type Message } from "@altlayer/protocol";
import type { ChainEvent, Extension, MachChain } from "../../src/index.ts";
import { type ExampleBlock, ExampleChain, extensionOn, named } from "./chain.ts";
import type { TestL1 } from "./l1.ts";
import { executedBlock, executedSlice } from "./operator.ts";
import { keccak256 } from "./vectors.ts";

/** What a rollup node would tell: by the test's hand. Whoever follows late is told all again. */
export class ScriptedChain implements MachChain {
  readonly events: ChainEvent[] = [];
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  readonly extension: NonNullable<MachChain["extension"]>;

  constructor(extension: NonNullable<MachChain["extension"]> = async () => null) {
    this.extension = extension;
  }

  follow(listener: (event: ChainEvent) => void): () => void {
    for (const event of [...this.events]) listener(event);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** By block hash; told by whoever tells of a block without marks. */
  readonly leaves = new Map<Hex, readonly Hex[]>();

  async transactionLeaves(blockHash: Hex): Promise<readonly Hex[]> {
    return this.leaves.get(blockHash) ?? [];
  }

  tell(...events: readonly ChainEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      for (const listener of [...this.#listeners]) listener(event);
    }
  }
}

const GENESIS = named("genesis");

/** One L2 branch over a real L1: blocks have the newest L1 block as origin, and the clock's time. */
export class ScriptedRollup {
  readonly l1: TestL1;
  readonly digests: MachDigests;
  /** Of the contract. */
  schedule = { startBlock: 0, depth: 0, epochLength: 1 };
  /** Of this branch; blocks are told to the chains that follow it. */
  branch!: ExampleChain;
  readonly chains: ScriptedChain[] = [];
  readonly #common: ChainEvent[] = [];
  #told = -1;

  constructor(l1: TestL1, digests: MachDigests) {
    this.l1 = l1;
    this.digests = digests;
  }

  async start(): Promise<this> {
    const { k, epochLength } = await this.l1.read<{ k: number; epochLength: number }>("windows", []);
    this.schedule = { startBlock: await this.l1.startBlock(), depth: k, epochLength };
    this.branch = new ExampleChain(await this.base(0, 0), { digests: this.digests, keccak256 });
    return this;
  }

  /** Of a node that follows from now on: it is told all that everybody was. */
  chain(): ScriptedChain {
    const chain = new ScriptedChain(async (tip, message) => this.extension(tip, message));
    chain.tell(...this.#common);
    this.chains.push(chain);
    return chain;
  }

  /** How the message goes on with the tip, by the blocks of a branch. */
  extension(tip: Message, message: Message, branch = this.branch): Extension {
    return extensionOn(branch, { tip, message }, { digests: this.digests, keccak256 });
  }

  get startBlock(): number {
    return this.schedule.startBlock;
  }

  /** The first L1 block whose number is that of an origin of the epoch, and one more. */
  inEpoch(epoch: number): number {
    return epochBlock(epoch, this.schedule) + this.schedule.depth + 1;
  }

  /** What a base of the epoch is when the L1 derives this branch up to `height`. */
  async base(epoch: number, height: number, branch: ExampleChain | undefined = this.branch): Promise<Base> {
    const l1Hash = await this.l1.hashOf(epochBlock(epoch, this.schedule));
    return { epoch, l1Hash, height, blockHash: height === 0 ? GENESIS : at(branch, height).core.blockHash };
  }

  tell(...events: readonly ChainEvent[]): void {
    this.#common.push(...events);
    for (const chain of this.chains) chain.tell(...events);
  }

  /** Tells the L1 blocks that were mined since. */
  async seeL1(): Promise<{ number: number; hash: Hex }> {
    const head = await this.l1.head();
    for (let number = Math.max(this.#told + 1, this.schedule.startBlock); number <= head.number; number++) {
      this.tell({ type: "l1Block", number, hash: await this.l1.hashOf(number) });
    }
    this.#told = head.number;
    return head;
  }

  /** A new block on the branch, not told. `origin`: the newest L1 block that was told, unless given. */
  async add(labels: readonly string[], branch = this.branch, origin?: number): Promise<ExampleBlock> {
    const originNumber = origin ?? this.#told;
    const originHash = await this.l1.hashOf(originNumber);
    const timestamp = Math.floor(Date.now() / 1000);
    return branch.add(["l1", ...labels], { originNumber, originHash, timestamp });
  }

  /** A new block, executed by all. */
  async block(...labels: readonly string[]): Promise<ExampleBlock> {
    const block = await this.add(labels);
    this.tell({ type: "executed", executed: executedBlock(block) });
    return block;
  }

  /** The block came by itself: nothing is known of it at the ends of its slices, but its transactions are. */
  blockAlone(block: ExampleBlock): void {
    const { core, transactions } = block;
    const leaves = Array.from({ length: core.transactionCount }, (_, i) => transactions.leaf(i));
    for (const chain of this.chains) chain.leaves.set(core.blockHash, leaves);
    this.tell({ type: "executed", executed: { ...executedBlock(block), marks: [] } });
  }

  slice(block: ExampleBlock, count: number): void {
    this.tell({ type: "executed", executed: executedSlice(block, count) });
  }
}

export function at(branch: ExampleChain, height: number): ExampleBlock {
  return branch.blocks[height - 1] as ExampleBlock;
}
