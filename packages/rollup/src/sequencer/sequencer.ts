import type { CandidateId, Engine, ExecutionPayload, HeadChange, Hex, ResumedCandidate } from "@altlayer/engine";
import { type Keccak256, type RollupConfig, systemConfigFromPayload } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import { sleepUntil } from "../clock.ts";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { L2Chain } from "../derivation/l2-chain.ts";
import { describeError, isClosed, RollupError, severityOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Mutex } from "../mutex.ts";
import { Wakeup } from "../signal.ts";
import type { SliceWitness } from "../slices/slice-follower.ts";
import { type ParentBlock, sequencedAttributes } from "./attributes.ts";
import { BlockBuilder, type OpenBlock, OUTPACED } from "./block-builder.ts";
import type { IdleGate } from "./idle-gate.ts";
import type { OriginSelector } from "./origin-selector.ts";
import { resumedBlock } from "./resumed-block.ts";
import type { WindowGuard } from "./window-guard.ts";

export interface SequencerOptions {
  readonly rollup: RollupConfig;
  /** Time before the block's own time at which filling ends and sealing begins. */
  readonly sealMarginMs: number;
  /** Shortest time between two slices of a block. */
  readonly sliceMs: number;
  /** Bytes of transactions in a block, below what gossip carries (10 MiB). */
  readonly maxBlockBytes: number;
}

export interface SequencerDependencies {
  readonly engine: Engine;
  readonly driver: DerivationDriver;
  readonly origins: OriginSelector;
  /** Asked before every block. */
  readonly guard: Pick<WindowGuard, "decide">;
  readonly l2: L2Chain;
  readonly headLock: Mutex;
  readonly keccak256: Keccak256;
  readonly clock: Clock;
  readonly log: Logger;
  /** Bytes that the batcher lets into a block while L1 falls behind; `null` for no limit. */
  readonly throttle: () => number | null;
  /** Hears of every block from its opening on: MACH. */
  readonly witness: Pick<SliceWitness, "opening" | "signed"> | null;
  /** Brings what is certified beyond the own chain, before anything is built. `null` without MACH. */
  readonly recover: ((options: RecoverOptions) => Promise<Recovery>) | null;
  /** Takes every new block once it is the head: gossip. */
  readonly publish: ((payload: ExecutionPayload) => Promise<void>) | null;
  /** Says when blocks may be late, since nobody uses the chain; `null`: never. */
  readonly idle: IdleGate | null;
}

export interface RecoverOptions {
  /** A block is half built already, with all that was followed of it: no slice is asked for. */
  readonly hasBlock: boolean;
}

export interface Recovery {
  /** False: asked again. */
  readonly done: boolean;
  /** A certified slice on the head: the block that it is of, to be gone on with. */
  readonly halfBuilt: ResumedCandidate | null;
}

/** How long a sequencer that may not build waits before it asks again. */
const HELD_MS = 200;

/** How long a sequencer waits before it asks again for certified blocks that it lacks. */
const RECOVER_MS = 1_000;

/** A block that is on its way to a root and to the head, while the next one is built on it. */
interface SealingBlock {
  readonly candidate: CandidateId;
  readonly block: ParentBlock;
  /** Known once its root is. */
  hash: Hex | null;
  /** The block's hash once it is the head; `null` if the head moved elsewhere. */
  adopted: Promise<Hex | null>;
}

/**
 * Builds blocks at their times: opens a candidate on the newest block, fills it from the pool in slices until shortly
 * before the block's time, and seals it. The next block is opened at once, while the last one's root is computed.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #d: SequencerDependencies;
  readonly #builder: BlockBuilder;
  readonly #closing = new AbortController();
  readonly #pooled = new Wakeup();
  #stopListening: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #paused = false;
  /** No block is in work, and none will be until `start`. */
  #resting: PromiseWithResolvers<void> | null = null;
  /** Published by a standby's primary or before a restart: gone on with before anything else, whatever fails meanwhile. */
  #halfBuilt: ResumedCandidate | null = null;
  #sealing: SealingBlock | null = null;

  constructor(options: SequencerOptions, dependencies: SequencerDependencies) {
    this.#options = options;
    this.#d = dependencies;
    const { engine, clock, throttle } = dependencies;
    this.#builder = new BlockBuilder(options, { engine, clock, throttle, pooled: this.#pooled });
  }

  get active(): boolean {
    return this.#running !== null && !this.#paused;
  }

  /** `halfBuilt`: a block of this engine to go on with, instead of the one that the journal may hold. */
  start(halfBuilt: ResumedCandidate | null = null): void {
    this.#halfBuilt = halfBuilt;
    this.#stopListening ??= this.#d.engine.onEvent((event) => {
      if (event.kind === "pooled") {
        this.#pooled.poke();
        this.#d.idle?.touch();
      }
      if (event.kind === "undone") {
        const { number, slices, lost } = event;
        this.#d.log.warn("published slices are undone", { number, slices, lost: lost.length });
        for (const { hash, reason } of lost)
          this.#d.log.error("a published transaction is lost", { number, hash, reason });
      }
    });
    this.#paused = false;
    this.#running ??= this.#run();
  }

  /** Ends after the block in work; `start` goes on. Resolves when that block is the head. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#paused = true;
    this.#d.idle?.interrupt();
    this.#resting ??= Promise.withResolvers();
    await Promise.race([this.#resting.promise, this.#running]);
  }

  /** A half-built block stays in the journal: the next start goes on with it. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#stopListening?.();
    await this.#running;
    await this.#sealing?.adopted.catch(() => {});
  }

  async #run(): Promise<void> {
    const { clock, driver, engine, log } = this.#d;
    const { signal } = this.#closing;
    let failures = 0;
    try {
      // What the L1 already holds of this chain comes first: a sequencer that lost its disk must not fork itself.
      while (!(driver.status.phase === "deriving" && driver.status.idle)) await clock.sleep(20, signal);
      await this.#recover();
      log.info("sequencing", { head: engine.heads().unsafe.number });
      let begun = false;
      while (!signal.aborted) {
        if (this.#paused) {
          this.#d.idle?.release();
          await this.#settle();
          this.#resting?.resolve();
          begun = false;
          await clock.sleep(20, signal);
          continue;
        }
        if (!begun) {
          this.#resting = null;
          this.#halfBuilt ??= (await engine.slices?.resume()) ?? null;
          begun = true;
        }
        try {
          if (this.#halfBuilt) await this.#goOn(this.#halfBuilt);
          else if (await this.#rested()) await this.#buildNext();
          failures = 0;
        } catch (error) {
          if (signal.aborted || isClosed(error)) return;
          this.#d.idle?.release();
          // Never two blocks at one height: what is being sealed is settled first.
          await this.#settle().catch(() => {});
          if (severityOf(error) === "reset") driver.requestReset();
          if (failures++ % 20 === 0) log.warn("cannot build a block", { error: describeError(error), failures });
          await clock.sleep(Math.min(1_000, 50 * 2 ** Math.min(failures, 5)), signal);
        }
      }
    } catch (error) {
      if (!signal.aborted) log.error("sequencer stopped", { error: describeError(error) });
    }
  }

  /** Lets the chain rest while nobody uses it. False: it is to stop. */
  async #rested(): Promise<boolean> {
    const { idle, engine, l2 } = this.#d;
    if (idle === null) return true;
    const parent = this.#sealing?.block.ref ?? (await l2.byHash(engine.heads().unsafe.hash));
    if (!idle.mayRest(parent)) return true;
    await this.#settle();
    const head = await l2.byHash(engine.heads().unsafe.hash);
    return await idle.rest(head, () => this.#paused, this.#closing.signal);
  }

  async #recover(): Promise<void> {
    const { recover, clock } = this.#d;
    while (recover) {
      const { done, halfBuilt } = await recover({ hasBlock: this.#halfBuilt !== null });
      this.#halfBuilt ??= halfBuilt;
      if (done) return;
      await clock.sleep(RECOVER_MS, this.#closing.signal);
    }
  }

  async #buildNext(): Promise<void> {
    const { engine, clock, guard, l2, origins, keccak256, witness } = this.#d;
    const { rollup } = this.#options;
    // A stock execution client opens blocks on sealed ones only.
    if (!engine.slices) await this.#settle();
    const sealing = this.#sealing;
    const parent = sealing?.block ?? (await this.#head());
    const timestamp = parent.ref.timestamp + rollup.blockTime;
    // A chain that is ahead of its time waits; one whose last block is just being sealed need not.
    const earliestMs = parent.ref.timestamp * 1000 - this.#options.sealMarginMs;
    await sleepUntil(clock, earliestMs, this.#closing.signal);

    // The block that is being sealed is not in the chain yet: the guard looks at the one below.
    const { build, depositsOnly } = await guard.decide(await l2.byHash(engine.heads().unsafe.hash));
    if (!build) {
      this.#d.idle?.release();
      await this.#settle();
      await clock.sleep(HELD_MS, this.#closing.signal);
      return;
    }
    const selected = await origins.select(parent.ref);
    const origin = { ...selected, empty: selected.empty || depositsOnly };
    const { attributes, block } = sequencedAttributes({ rollup, parent, origin }, { keccak256 });
    const isCurrent = () => {
      const head = engine.heads().unsafe.hash;
      return sealing ? head === parent.ref.parentHash || head === sealing.hash : head === parent.ref.hash;
    };
    if (!isCurrent()) return this.#settle();
    witness?.opening(block.ref.number, attributes);
    const opened = engine.slices
      ? await engine.slices.open(sealing ? { candidate: sealing.candidate } : parent.ref.hash, attributes, "journalled")
      : await engine.open(parent.ref.hash, attributes);
    await this.#build({ candidate: opened.candidate, attributes, opened, isCurrent }, { sealing, block, timestamp });
  }

  /** Goes on with the block that a crash or a stop left half built. */
  async #goOn(resumed: ResumedCandidate): Promise<void> {
    const { engine, log, origins } = this.#d;
    const { candidate, attributes, parentHash } = resumed;
    const block = resumedBlock({ rollup: this.#options.rollup, parent: await this.#head(), attributes });
    log.info("going on with a half-built block", { number: block.ref.number, transactions: resumed.transactionCount });
    this.#d.witness?.opening(block.ref.number, attributes);
    const canonical = await origins.isCanonical(block.ref.l1Origin);
    this.#halfBuilt = null;
    if (!canonical) {
      await engine.drop(candidate);
      return;
    }
    const isCurrent = () => engine.heads().unsafe.hash === parentHash;
    const open = { candidate, attributes, opened: resumed, isCurrent };
    await this.#build(open, { sealing: null, block, timestamp: attributes.timestamp });
  }

  /** Fills and seals an open block. */
  async #build(
    open: OpenBlock,
    place: { readonly sealing: SealingBlock | null; readonly block: ParentBlock; readonly timestamp: number },
  ): Promise<void> {
    const { engine, clock } = this.#d;
    const { signal } = this.#closing;
    const deadlineMs = place.timestamp * 1000 - this.#options.sealMarginMs;
    let parentHash: Hex | null;
    try {
      const filled = !open.attributes.noTxPool && this.#d.idle?.isPast(place.timestamp) !== true;
      if (filled) await this.#builder.fill(open, deadlineMs, signal);
      else await sleepUntil(clock, deadlineMs, signal);
      parentHash = place.sealing ? await place.sealing.adopted : engine.heads().unsafe.hash;
      if (parentHash === null || engine.heads().unsafe.hash !== parentHash) throw OUTPACED;
    } catch (error) {
      // Closing leaves the block to the next start, which goes on with it.
      if (!signal.aborted) await engine.drop(open.candidate).catch(() => {});
      if (error === OUTPACED) return this.#settle();
      throw error;
    }
    const block = { ...place.block, ref: { ...place.block.ref, parentHash } };
    const sealing: SealingBlock = { candidate: open.candidate, block, hash: null, adopted: Promise.resolve(null) };
    sealing.adopted = this.#adopt(sealing);
    sealing.adopted.catch(() => {});
    this.#sealing = sealing;
  }

  /** Awaits the block that is being sealed; afterwards the head is what there is to build on. */
  async #settle(): Promise<void> {
    const sealing = this.#sealing;
    this.#sealing = null;
    await sealing?.adopted;
  }

  async #head(): Promise<ParentBlock> {
    const { engine, l2 } = this.#d;
    const { hash, number } = engine.heads().unsafe;
    const payload = await l2.payload(number);
    if (payload.blockHash !== hash) {
      throw new RollupError("ENGINE_SYNCING", `the head moved away from L2 block ${number}`, {
        severity: "temporary",
        data: { number, hash },
      });
    }
    return { ref: l2.remember(payload), systemConfig: systemConfigFromPayload(this.#options.rollup, payload) };
  }

  /** Seals the block and makes it the head, unless derivation or a reset moved the head meanwhile. */
  async #adopt(sealing: SealingBlock): Promise<Hex | null> {
    const { engine, headLock, l2, log } = this.#d;
    const { number, parentHash } = sealing.block.ref;
    const payload = await engine.seal(sealing.candidate, { brief: engine.slices !== null });
    sealing.hash = payload.blockHash;
    const change = await headLock.run(async (): Promise<HeadChange | null> => {
      if (engine.heads().unsafe.hash !== parentHash) {
        log.info("sealed block is not adopted, the head moved", { number });
        return null;
      }
      const moved = await engine.setHeads({ unsafe: payload.blockHash });
      if (!moved)
        throw new RollupError("ENGINE_SYNCING", "the engine does not know its own block", { severity: "reset" });
      return moved;
    });
    if (!change) return null;
    l2.remember(payload);
    this.#d.idle?.adopted();
    this.#d.witness?.signed(payload.blockHash);
    void this.#publish(payload);
    return payload.blockHash;
  }

  /** Tells the peers; the next block does not wait for them. */
  async #publish(sealed: ExecutionPayload): Promise<void> {
    const { engine, publish, log } = this.#d;
    if (!publish) return;
    try {
      const whole = engine.slices ? await engine.payloadByHash(sealed.blockHash) : sealed;
      if (whole) await publish(whole);
    } catch (error) {
      log.warn("block not published", { number: Number(sealed.blockNumber), error: describeError(error) });
    }
  }
}
