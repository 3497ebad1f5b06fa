// Size: what is told of L1, of sealed blocks and of slices must keep one order, so one class tells it; its parts lie beside.
import type { EngineEvent, ExecutionPayload, PayloadAttributes } from "@altlayer/engine";
import type { ChainEvent, Executed, Extension, MachChain, Mark } from "@altlayer/mach";
import {
  appendLeaf,
  type Base,
  BLOCK,
  type Core,
  type EpochSchedule,
  type Hex,
  historyLeaf,
  type Message,
  type RollupConfig,
  SLICE,
  ZERO_HASH,
} from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import type { DerivationDriver } from "../derivation/driver.ts";
import { describeError, RollupError } from "../errors.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import { Wakeup } from "../signal.ts";
import type { RefutedSlice } from "../slices/slice-follower.ts";
import type { BaseSource } from "./bases.ts";
import { ChainHistory, type ChainHistoryDependencies } from "./chain-history.ts";
import { executedCore, sliceCore } from "./core.ts";
import { extensionOf } from "./extension.ts";
import { keepFollowing } from "./follow-loop.ts";
import { Judge } from "./judge.ts";
import type { L1Blocks } from "./l1-blocks.ts";
import { OpenedBlocks, type SliceName } from "./opened-blocks.ts";
import { marksOf, type SealedBlock, SealedBlocks } from "./sealed-blocks.ts";

export interface RollupMachChainOptions {
  readonly rollup: RollupConfig;
  readonly schedule: EpochSchedule;
}

export interface RollupMachChainDependencies extends ChainHistoryDependencies {
  readonly driver: Pick<DerivationDriver, "onProgress">;
  readonly watcher: Pick<HeadWatcher, "onChange">;
  readonly bases: BaseSource;
  readonly l1Blocks: L1Blocks;
  /** Of the block in the making on that parent, where an operator's signer has to be shown its transactions. */
  readonly openLeaves?: ((parentHash: Hex) => readonly Hex[]) | undefined;
  readonly clock: Clock;
}

/** Bases that are told at a start, and kept for who comes later: messages carry one of the newest two. */
const KEPT_BASES = 16;
/** Hashes of blocks that the sequencer signed. */
const KEPT_SIGNED = 4_096;
/** Settled blocks after which a long catch-up is put on record. */
const RECORD_EVERY = 16_384;

/** A rollup node's chain as MACH sees it: cores of what the own engine executed, bases of the own derivation. */
export class RollupMachChain implements MachChain {
  readonly history: ChainHistory;
  readonly #options: RollupMachChainOptions;
  readonly #d: RollupMachChainDependencies;
  readonly #judge: Judge;
  readonly #opened = new OpenedBlocks();
  readonly #bases = new Map<number, Base>();
  readonly #signed = new Set<Hex>();
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  /** Those of them that want slices, too. */
  readonly #sliceListeners = new Set<(event: ChainEvent) => void>();
  readonly #closing = new AbortController();
  readonly #l1Moved = new Wakeup();
  readonly #l2Moved = new Wakeup();
  readonly #stops: (() => void)[] = [];
  #sealed: SealedBlocks | null = null;
  #askedEpoch = -1;
  #derivedHeight = -1;
  #droppedHeight = Number.POSITIVE_INFINITY;
  #running: Promise<unknown> | null = null;
  #toldMissing = false;

  constructor(options: RollupMachChainOptions, dependencies: RollupMachChainDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#judge = new Judge(options, dependencies);
    const onWrong = () => {
      this.#sealed = null;
      this.#l2Moved.poke();
    };
    this.history = new ChainHistory({ ...options, sealed: () => this.#sealed, onWrong }, dependencies);
  }

  start(): void {
    if (this.#running) return;
    const { engine, driver, watcher } = this.#d;
    this.#stops.push(
      engine.onEvent((event) => this.#hear(event)),
      driver.onProgress(() => this.#l1Moved.poke()),
      watcher.onChange(() => this.#l1Moved.poke()),
    );
    const { signal } = this.#closing;
    this.#running = Promise.all([
      keepFollowing({ moved: this.#l1Moved, turn: () => this.#followL1(), signal }, this.#d),
      keepFollowing({ moved: this.#l2Moved, turn: () => this.#followL2(), signal }, this.#d),
    ]);
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#closing.abort();
    await this.#running;
    await this.#d.history.close();
  }

  follow(listener: (event: ChainEvent) => void, { slices = true }: { readonly slices?: boolean } = {}): () => void {
    for (const { number, hash } of this.#d.l1Blocks.known) listener({ type: "l1Block", number, hash });
    for (const base of this.#bases.values()) listener({ type: "base", base });
    for (const executed of this.#sealed?.all ?? []) listener({ type: "executed", executed });
    this.#listeners.add(listener);
    if (slices) this.#sliceListeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#sliceListeners.delete(listener);
    };
  }

  async transactionLeaves(blockHash: Hex): Promise<readonly Hex[]> {
    const leaves = await this.#d.engine.transactionLeaves(blockHash);
    if (leaves) return leaves;
    const message = `the engine does not have L2 block ${blockHash}`;
    throw new RollupError("MACH_UNKNOWN_BLOCK", message, { severity: "permanent", data: { blockHash } });
  }

  async extension(tip: Message, message: Message): Promise<Extension | null> {
    const { engine, keccak256, openLeaves = () => [] } = this.#d;
    return this.#sealed && extensionOf(tip, message, { sealed: this.#sealed, engine, openLeaves, keccak256 });
  }

  /** Of the bases that are known; -1 before the first. */
  get newestEpoch(): number {
    return [...this.#bases.keys()].at(-1) ?? -1;
  }

  /** The canonical block of that height, if it is above what finalised L1 data settle. */
  executedAt(height: number): Executed | undefined {
    return this.#sealed?.at(height);
  }

  /** Up to which block the history is settled; `null` before it is known where it begins. */
  get floor(): SealedBlock | null {
    return this.#sealed?.floor ?? null;
  }

  /** Whether what that core says of its height is what this node executed, as far as it is above the floor. */
  agrees(core: Core): boolean {
    const block = this.#sealed?.at(core.height);
    // What the L1 settled otherwise is void, and asked by nobody.
    if (core.blockHash !== ZERO_HASH && core.height <= (this.#sealed?.floor.height ?? -1)) return true;
    if (core.blockHash !== ZERO_HASH) return block?.core.blockHash === core.blockHash;
    const isMark = ({ count, root }: Mark) => count === core.transactionCount && root === core.transactionRoot;
    if (block) {
      const { transactionCount: count, transactionRoot: root, parentHash } = block.core;
      return parentHash === core.parentHash && [...block.marks, { count, root }].some(isMark);
    }
    const isNext = this.#sealed?.cursor.hash === core.parentHash;
    return isNext && (this.#opened.on(core.parentHash)?.points.some(({ mark }) => isMark(mark)) ?? false);
  }

  /** The core of the slice of so many transactions that was executed on that block; `null` if there is none. */
  sliceAt(parentHash: Hex, count: number): Core | null {
    const block = this.#opened.on(parentHash);
    const transactions = block?.points.find(({ mark }) => mark.count === count)?.mark;
    if (!block?.attributes || !transactions || !this.#sealed?.has(parentHash)) return null;
    const { keccak256 } = this.#d;
    const { height, attributes } = block;
    const historyRoot = this.#sealed.historyRoot(parentHash, keccak256);
    const slice = { height, parentHash, attributes, historyRoot, transactions };
    return sliceCore(this.#options.rollup, slice, { keccak256 });
  }

  /** Whether the L1 has another block than that core's origin: then no block of the chain can be it. */
  isReplaced({ originNumber, originHash }: Core): boolean {
    return this.#d.l1Blocks.isReplaced(originNumber, originHash);
  }

  /** A block is about to be opened with these attributes, here or by who is followed. */
  opening(height: number, attributes: PayloadAttributes): void {
    this.#opened.opening(height, attributes);
  }

  /** The sequencer signed the block, or made it here. */
  signed(blockHash: Hex): void {
    this.#signed.delete(blockHash);
    this.#signed.add(blockHash);
    for (const oldest of this.#signed) {
      if (this.#signed.size <= KEPT_SIGNED) break;
      this.#signed.delete(oldest);
    }
    const executed = this.#sealed?.get(blockHash);
    if (executed && !executed.sequenced) {
      const now = { ...executed, sequenced: true };
      this.#sealed?.replace(now);
      this.#tell({ type: "executed", executed: now });
    }
  }

  /** A slice that the sequencer signed, and that came out the same here, is a certification point. */
  mark(slice: SliceName): void {
    if (this.#opened.mark(slice)) this.#l2Moved.poke();
  }

  /** The engine refused a block: if the sequencer signed it, finds out what is wrong with it and tells. */
  async judge(payload: ExecutionPayload): Promise<void> {
    const alert = this.#signed.has(payload.blockHash) ? await this.#judge.block(payload) : null;
    if (alert) this.#tell({ type: "refuted", alert });
  }

  /** The sequencer signed a slice that came out otherwise here. */
  refuted(slice: RefutedSlice): void {
    this.#judge.slice(slice).then(
      (alert) => alert && this.#tell({ type: "refuted", alert }),
      (error: unknown) => this.#d.log.warn("a slice is not judged", { id: slice.id, error: describeError(error) }),
    );
  }

  #hear(event: EngineEvent): void {
    if (event.kind === "slice") this.#opened.add(event);
    if (event.kind !== "heads") return;
    for (const { number } of event.change.dropped) this.#droppedHeight = Math.min(this.#droppedHeight, number);
    this.#l2Moved.poke();
  }

  async #followL1(): Promise<void> {
    const { bases, l1Blocks } = this.#d;
    for (const { number, hash } of await l1Blocks.news()) this.#tell({ type: "l1Block", number, hash });
    const { newestEpoch } = bases;
    const from = Math.max(this.#askedEpoch + 1, newestEpoch - KEPT_BASES + 1);
    for (let epoch = from; epoch <= newestEpoch; epoch++) {
      const base = await bases.base(epoch);
      this.#askedEpoch = epoch;
      if (!base) continue;
      this.#bases.set(epoch, base);
      for (const oldest of this.#bases.keys()) if (this.#bases.size > KEPT_BASES) this.#bases.delete(oldest);
      this.#tell({ type: "base", base });
    }
    if (from <= newestEpoch) this.#l2Moved.poke();
  }

  async #followL2(): Promise<void> {
    this.#sealed ??= await this.#begin();
    if (!this.#sealed) return;
    while (!this.#closing.signal.aborted && this.#isBehind(this.#sealed) && (await this.#advance(this.#sealed)));
    await this.#settle(this.#sealed);
    this.#tellSlice(this.#sealed);
    this.#tellDerived(this.#sealed);
  }

  /** Where the history is known: at what is on record, or at the base of epoch 0, which it begins above. */
  async #begin(): Promise<SealedBlocks | null> {
    const { history, bases, log } = this.#d;
    // What the newest bases settle need not be told: they come first.
    if (bases.newestEpoch < 0 || this.#askedEpoch < bases.newestEpoch) return null;
    const resumed = await this.history.resume();
    if (resumed) return new SealedBlocks(resumed);
    const base = this.#bases.get(0) ?? (await bases.base(0));
    const known = base ? { height: base.height, hash: base.blockHash } : history.first;
    const first = history.unknown === 0 ? known : null;
    if (!first) {
      const adopted = await this.history.adopt();
      if (adopted) return new SealedBlocks(adopted);
      if (!this.#toldMissing) {
        this.#toldMissing = true;
        const { startBlock } = this.#options.schedule;
        log.warn("the base of MACH's epoch 0 is not on record here: the history is asked of peers", { startBlock });
      }
      return null;
    }
    return new SealedBlocks(await history.begin(first));
  }

  /** Most turns are about a mark of a slice, and there is no other block to ask for. */
  #isBehind({ cursor }: SealedBlocks): boolean {
    return this.#droppedHeight !== Number.POSITIVE_INFINITY || this.#d.engine.heads().unsafe.hash !== cursor.hash;
  }

  /** One block along the canonical chain; false at its head. */
  async #advance(sealed: SealedBlocks): Promise<boolean> {
    if (this.#droppedHeight !== Number.POSITIVE_INFINITY) this.#cut(sealed);
    const { cursor } = sealed;
    const payload = await this.#d.engine.payloadByNumber(cursor.height + 1, { brief: true });
    if (!payload) return false;
    if (payload.parentHash !== cursor.hash) {
      // The event of this reorg comes first, or is about to.
      this.#droppedHeight = Math.min(this.#droppedHeight, cursor.height);
      return true;
    }
    const block = sealed.get(payload.blockHash) ?? (await this.#execute(payload, sealed));
    const leaf = historyLeaf(this.#d.digests.core(block.core), this.#d.keccak256);
    const history = appendLeaf(sealed.history(cursor.hash), leaf, this.#d.keccak256);
    const next: SealedBlock = { height: cursor.height + 1, hash: payload.blockHash, history };
    if (next.height <= this.#settledHeight()) {
      const below = sealed.branch(cursor.hash) ?? [];
      this.#raise(sealed, next, [...below.map((each) => each.leaf), leaf]);
      if (next.height - this.#d.history.recordedHeight >= RECORD_EVERY) await this.#d.history.save();
    } else {
      const executed = { ...block, sequenced: block.sequenced || this.#signed.has(next.hash) };
      sealed.extend({ ...next, leaf, executed });
      sealed.replace(executed);
      this.#tell({ type: "executed", executed });
    }
    return true;
  }

  #cut(sealed: SealedBlocks): void {
    const height = this.#droppedHeight;
    this.#droppedHeight = Number.POSITIVE_INFINITY;
    this.#derivedHeight = Math.min(this.#derivedHeight, height - 1);
    if (sealed.cut(height)) return;
    this.#d.log.error("a block that finalised L1 data settled was dropped: the history is made again", { height });
    this.#sealed = null;
    throw new RollupError("MACH_HISTORY", "the chain below the newest base changed", { severity: "temporary" });
  }

  async #execute(payload: ExecutionPayload, sealed: SealedBlocks): Promise<Executed> {
    const { engine, keccak256 } = this.#d;
    const { blockHash, parentHash } = payload;
    const historyRoot = sealed.historyRoot(parentHash, keccak256);
    const core = await executedCore(this.#options.rollup, { payload, historyRoot }, { engine, keccak256 });
    if (!core) {
      const message = `the engine does not have L2 block ${blockHash}`;
      throw new RollupError("MACH_UNKNOWN_BLOCK", message, { severity: "temporary", data: { blockHash } });
    }
    const list = { count: core.transactionCount, root: core.transactionRoot };
    return { kind: BLOCK, core, marks: marksOf(list, this.#opened.on(parentHash)), sequenced: false };
  }

  /** Up to the second newest base: a head's epoch may be one below the newest. */
  #settledHeight(): number {
    return [...this.#bases.values()].at(-2)?.height ?? -1;
  }

  /** What bases settle is put on record and forgotten. */
  async #settle(sealed: SealedBlocks): Promise<void> {
    const settled = sealed.at(this.#settledHeight());
    const branch = (settled && sealed.branch(settled.core.blockHash)) ?? [];
    const last = branch.at(-1);
    if (last)
      this.#raise(
        sealed,
        last,
        branch.map(({ leaf }) => leaf),
      );
    await this.#d.history.save();
  }

  /** The history and the floor move on together: a proof is made from both. */
  #raise(sealed: SealedBlocks, { height, hash, history }: SealedBlock, leaves: readonly Hex[]): void {
    this.#d.history.append(leaves, { height, hash });
    sealed.raise({ height, hash, history });
  }

  /** The newest certification point of the block that is being built on the head. */
  #tellSlice(sealed: SealedBlocks): void {
    if (this.#sliceListeners.size === 0) return;
    const { cursor } = sealed;
    const block = this.#opened.on(cursor.hash);
    const mark = block?.marks.at(-1);
    if (!block?.attributes || !mark || block.told === block.marks.length) return;
    block.told = block.marks.length;
    const core = this.sliceAt(cursor.hash, mark.count);
    if (!core) return;
    const executed = { kind: SLICE, core, marks: [...block.marks], sequenced: true } as const;
    for (const listener of this.#sliceListeners) listener({ type: "executed", executed });
  }

  #tellDerived(sealed: SealedBlocks): void {
    const { safe } = this.#d.engine.heads();
    const from = Math.max(this.#derivedHeight, sealed.floor.height) + 1;
    for (let height = from; height <= Math.min(safe.number, sealed.cursor.height); height++) {
      const block = sealed.at(height);
      if (!block) return;
      this.#derivedHeight = height;
      this.#tell({ type: "derived", height, blockHash: block.core.blockHash });
    }
  }

  #tell(event: ChainEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
