import type { Engine, ExecutionPayload, Hex, PayloadStatus } from "@altlayer/engine";
import type {
  Derivation,
  DerivedAttributes,
  L1Block,
  L1BlockRef,
  L2BlockRef,
  PipelineStep,
  RollupConfig,
} from "@altlayer/protocol";
import { isProtocolError } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import { isInvalidBlock } from "../engine-errors.ts";
import type { Severity } from "../errors.ts";
import { describeError, isClosed, RollupError, severityOf } from "../errors.ts";
import type { BlobSource } from "../l1/blob-source.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import type { Logger } from "../log.ts";
import type { Mutex } from "../mutex.ts";
import { Wakeup } from "../signal.ts";
import type { SnapshotConfirmation } from "../snapshot/confirmation.ts";
import { mismatch } from "./attributes-match.ts";
import { L1Ahead } from "./l1-ahead.ts";
import type { L1Data } from "./l1-data.ts";
import type { L2Chain } from "./l2-chain.ts";
import type { SafeHeadStore } from "./safe-head-store.ts";
import { findSyncStart } from "./sync-start.ts";
import { UnsafeImport, type UnsafeImportDependencies } from "./unsafe-import.ts";

export interface DerivationDriverOptions {
  readonly rollup: RollupConfig;
  /** L1 blocks below the head that are not read yet, against shallow reorgs. */
  readonly confirmations: number;
  /** How long to wait for news before looking again. */
  readonly idleMs: number;
  readonly maxBackoffMs: number;
}

export interface DerivationDependencies {
  readonly engine: Engine;
  readonly pipeline: Derivation;
  readonly l1: L1Reader;
  readonly l1Data: L1Data;
  readonly l2: L2Chain;
  readonly watcher: HeadWatcher;
  readonly blobs: BlobSource | null;
  readonly store: SafeHeadStore;
  /** Of a node that began from a snapshot. */
  readonly snapshot: SnapshotConfirmation | null;
  /** What certificates ask of fork choice; `null` without MACH, or before it runs. */
  readonly certified: UnsafeImportDependencies["certified"];
  /** Held by whoever changes the engine's heads. */
  readonly headLock: Mutex;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface DerivationStatus {
  /** `starting` until the first start is found; `stopped` after a critical error. */
  readonly phase: "starting" | "deriving" | "stopped";
  /** The L1 block up to whose data everything is derived. */
  readonly currentL1: L1BlockRef | null;
  readonly pendingSafe: L2BlockRef | null;
  /** All L1 data that there is (confirmations counted) has been derived from. */
  readonly idle: boolean;
  readonly failure: unknown;
}

/** L1 blocks that are read while an earlier one is worked on. */
const L1_BLOCKS_AHEAD = 8;

/** L1 blocks behind the head from which progress is told, and how often. */
const FAR_BLOCKS = 64;
const PROGRESS_MS = 10_000;

/**
 * Feeds the pure pipeline with L1 data and brings what it derives to the engine: a block that exists already is
 * consolidated (it becomes safe), any other is built. Retries, resets or stops by the severity of what goes wrong.
 */
export class DerivationDriver {
  readonly #options: DerivationDriverOptions;
  readonly #d: DerivationDependencies;
  readonly #closing = new AbortController();
  readonly #ahead: L1Ahead;
  readonly #unsafe: UnsafeImport;
  readonly #wakeup = new Wakeup();
  readonly #listeners = new Set<() => void>();
  readonly #l1Listeners = new Set<(block: L1Block) => void>();
  #phase: DerivationStatus["phase"] = "starting";
  #started = false;
  #safe: L2BlockRef | null = null;
  #pendingSafe: L2BlockRef | null = null;
  #retry: DerivedAttributes | null = null;
  #idle = false;
  #failure: unknown = null;
  #stopWatching: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #checkOrigin = false;
  readonly #failures: Record<Severity, number> = { temporary: 0, reset: 0, critical: 0, permanent: 0 };
  #toldMs = 0;

  constructor(options: DerivationDriverOptions, dependencies: DerivationDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#unsafe = new UnsafeImport(dependencies);
    this.#ahead = new L1Ahead({ depth: L1_BLOCKS_AHEAD }, dependencies);
  }

  get status(): DerivationStatus {
    return {
      phase: this.#phase,
      currentL1: this.#started ? this.#d.pipeline.origin : null,
      pendingSafe: this.#pendingSafe,
      idle: this.#idle,
      failure: this.#failure,
    };
  }

  /** Failed steps since the start, by severity. */
  get failures(): Readonly<Record<Severity, number>> {
    return this.#failures;
  }

  /** Called after every step that changed the status or the safe head. */
  onProgress(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called with every L1 block that is derived from, in order; after a reset some come again, or others in their place. */
  onL1Block(listener: (block: L1Block) => void): () => void {
    this.#l1Listeners.add(listener);
    return () => this.#l1Listeners.delete(listener);
  }

  start(): void {
    this.#stopWatching = this.#d.watcher.onChange(({ reorged }) => {
      if (reorged) this.#checkOrigin = true;
      this.#wakeup.poke();
    });
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stopWatching?.();
    this.#closing.abort();
    await this.#running;
  }

  /** Derives again from what is canonical on the L1: for whoever saw that the L2 head rests on a block that is gone. */
  requestReset(): void {
    this.#started = false;
    this.#wakeup.poke();
  }

  /** Imports an unsafe block of the sequencer and makes it the head if it lies on the safe chain and leads. */
  insertUnsafe(payload: ExecutionPayload): Promise<PayloadStatus> {
    return this.#unsafe.insert(payload);
  }

  /** Makes a block of this engine the unsafe head if it stands on it. */
  extendUnsafe(block: { readonly blockHash: Hex; readonly parentHash: Hex }): Promise<void> {
    return this.#unsafe.extend(block);
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#d;
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      try {
        if (!this.#started) await this.#reset();
        const progressed = await this.#advance();
        failures = 0;
        this.#setIdle(!progressed);
        if (!progressed) await this.#wakeup.wait(this.#options.idleMs, clock, this.#closing.signal);
      } catch (error) {
        if (this.#closing.signal.aborted || isClosed(error)) return;
        const severity: Severity = isProtocolError(error) ? error.severity : severityOf(error);
        this.#failure = error;
        this.#failures[severity]++;
        if (severity === "critical") {
          this.#phase = "stopped";
          log.error("derivation stopped", { error: describeError(error) });
          this.#notify();
          return;
        }
        if (severity === "reset") {
          this.#started = false;
          log.warn("derivation starts over", { error: describeError(error) });
        } else {
          log.debug("derivation will retry", { error: describeError(error), failures });
          if (failures % 50 === 5) log.warn("derivation keeps failing", { error: describeError(error), failures });
        }
        failures++;
        const backoffMs = Math.min(this.#options.maxBackoffMs, 25 * 2 ** Math.min(failures, 12));
        await clock.sleep(backoffMs, this.#closing.signal).catch(() => {});
      }
    }
  }

  async #reset(): Promise<void> {
    const { engine, pipeline, store, headLock, log, l1, l2 } = this.#d;
    await headLock.run(async () => {
      const start = await findSyncStart({ rollup: this.#options.rollup, heads: engine.heads() }, { l1, l2, store });
      const heads = engine.heads();
      if (heads.unsafe.hash !== start.unsafe.hash || heads.safe.hash !== start.safe.hash) {
        log.info("heads move back to what the L1 supports", { unsafe: start.unsafe.number, safe: start.safe.number });
        await engine.setHeads({ unsafe: start.unsafe.hash, safe: start.safe.hash });
      }
      // What an L1 reorg took away must finalise nothing, nor be a base of MACH.
      await store.cut(start.recorded);
      const { l1: l1Genesis, l2: l2Genesis } = this.#options.rollup.genesis;
      // What the L1 determined before the first batch is on record, too (docs/spec/mach.md, section 1, asks for it).
      if (store.entries.length === 0 && start.safe.hash === l2Genesis.hash) {
        await store.record({ l1: l1Genesis, l2: l2Genesis });
      }
      pipeline.reset(start.pipeline);
      this.#ahead.clear();
      this.#safe = start.safe;
      this.#pendingSafe = start.safe;
      this.#retry = null;
    });
    this.#started = true;
    this.#checkOrigin = false;
    this.#phase = "deriving";
    this.#failure = null;
    log.info("deriving", { l1: pipeline.origin.number, safe: this.#safe?.number ?? 0 });
    this.#notify();
  }

  /** One step; false if there is nothing to do until the L1 moves. */
  async #advance(): Promise<boolean> {
    const { pipeline } = this.#d;
    if (this.#checkOrigin) await this.#requireCanonicalOrigin();
    await this.#finalize();
    if (this.#retry) {
      const derived = this.#retry;
      this.#retry = null;
      await this.#apply(derived);
      return true;
    }
    const pending = this.#pendingSafe;
    if (!pending) return false;
    const step = pipeline.step(pending);
    switch (step.kind) {
      case "attributes":
        await this.#d.snapshot?.judge(step.derived);
        await this.#apply(step.derived);
        return true;
      case "needL1Block":
        return await this.#provideL1Block(step);
      case "needBlobs":
        await this.#provideBlobs(step);
        return true;
      case "needL2Block":
        pipeline.provideL2Block(await this.#d.l2.payload(step.number));
        return true;
    }
  }

  async #provideL1Block(step: Extract<PipelineStep, { kind: "needL1Block" }>): Promise<boolean> {
    const { l1, l1Data, pipeline, watcher } = this.#d;
    const latest = watcher.heads?.latest;
    const last = (latest?.number ?? 0) - this.#options.confirmations;
    if (step.hash === null && step.number > last) return false;
    const block =
      step.hash === null
        ? await this.#ahead.take(step.number, last, latest?.hash ?? null)
        : await l1Data.block(await l1.headerByHash(step.hash));
    if (!block) return false;
    if (step.parentHash !== null && block.parentHash !== step.parentHash) {
      throw new RollupError("L1_REORG", `L1 block ${block.number} no longer follows ${step.parentHash}`, {
        severity: "reset",
        data: { number: block.number },
      });
    }
    pipeline.provideL1Block(block);
    for (const listener of this.#l1Listeners) listener(block);
    if (latest && latest.number - block.number > FAR_BLOCKS) this.#tellProgress(block.number, latest.number);
    this.#notify();
    return true;
  }

  #tellProgress(l1: number, l1Head: number): void {
    const { clock, log } = this.#d;
    if (Math.abs(clock.nowMs() - this.#toldMs) < PROGRESS_MS) return;
    this.#toldMs = clock.nowMs();
    log.info("derivation progress", { l1, l1Head, safe: this.#safe?.number ?? 0 });
  }

  async #provideBlobs(step: Extract<PipelineStep, { kind: "needBlobs" }>): Promise<void> {
    const { blobs, pipeline } = this.#d;
    if (!blobs) {
      throw new RollupError("BLOB_NOT_FOUND", "the batcher uses blobs, but no beacon node is configured", {
        severity: "temporary",
      });
    }
    pipeline.provideBlobs(
      await blobs.blobs(
        step.block,
        step.blobs.map(({ versionedHash }) => versionedHash),
      ),
    );
  }

  async #requireCanonicalOrigin(): Promise<void> {
    const { origin } = this.#d.pipeline;
    const canonical = await this.#d.l1.headerByNumber(origin.number);
    // Not there: this L1 is behind (a server of several that lags, a node that syncs again). What it will have at that
    // height is asked again; until then nothing is given up.
    if (canonical === null) return;
    this.#checkOrigin = false;
    if (canonical.hash === origin.hash) return;
    throw new RollupError("L1_REORG", `L1 block ${origin.number} was replaced`, {
      severity: "reset",
      data: { number: origin.number, was: origin.hash, is: canonical.hash },
    });
  }

  #apply(derived: DerivedAttributes): Promise<void> {
    return this.#d.headLock.run(async () => {
      // An unsafe block may have come or a reset may be asked for while this waited: the heads are read inside.
      const { unsafe } = this.#d.engine.heads();
      if (unsafe.number > derived.parent.number) {
        const existing = await this.#d.engine.payloadByNumber(derived.parent.number + 1);
        if (existing?.parentHash === derived.parent.hash) {
          const difference = mismatch(this.#options.rollup, derived.attributes, existing);
          if (difference === null) {
            await this.#promote(this.#d.l2.remember(existing), derived, unsafe.hash);
            return;
          }
          this.#d.log.warn("unsafe block differs from the L1's data and is replaced", {
            number: derived.parent.number + 1,
            hash: existing.blockHash,
            difference,
          });
        }
      }
      await this.#build(derived);
    });
  }

  async #build(derived: DerivedAttributes): Promise<void> {
    const { engine, l2, log, pipeline } = this.#d;
    let payload: ExecutionPayload;
    try {
      // A block of twenty thousand transactions is megabytes of JSON, of which only the first transaction is read here.
      const { candidate } = await engine.open(derived.parent.hash, derived.attributes, { brief: true });
      payload = await engine.seal(candidate, { brief: true });
    } catch (error) {
      if (!isInvalidBlock(error)) throw error;
      log.warn("derived attributes are invalid", { number: derived.parent.number + 1, error: describeError(error) });
      this.#retry = pipeline.rejectAttributes(derived);
      // Before Holocene the whole span goes: what was pending goes back to the safe head.
      if (this.#retry === null) this.#pendingSafe = this.#safe;
      return;
    }
    const ref = l2.remember(payload);
    await this.#promote(ref, derived, ref.hash);
  }

  async #promote(block: L2BlockRef, derived: DerivedAttributes, unsafe: `0x${string}`): Promise<void> {
    const { engine, store } = this.#d;
    const change = await engine.setHeads(derived.concluding ? { unsafe, safe: block.hash } : { unsafe });
    if (!change)
      throw new RollupError("ENGINE_SYNCING", `the engine does not have block ${unsafe}`, { severity: "reset" });
    this.#pendingSafe = block;
    if (!derived.concluding) return;
    this.#safe = block;
    const { number, hash } = derived.derivedFrom;
    await store.record({ l1: { number, hash }, l2: { number: block.number, hash: block.hash } });
    this.#notify();
  }

  /** A safe block is final once the L1 block that it was derived from is (derivation.md, "Finalization"). */
  async #finalize(): Promise<void> {
    const { engine, store, watcher, headLock, pipeline } = this.#d;
    const finalized = watcher.heads?.finalized;
    // After a reorg the record may name L1 blocks that are gone, until it is known that derivation stands on none of them.
    if (!finalized || !this.#started || this.#checkOrigin) return;
    const entry = store.upTo(Math.min(finalized.number, pipeline.origin.number));
    if (!entry || entry.l2.number <= engine.heads().finalized.number) return;
    await headLock.run(async () => {
      const { unsafe, safe, finalized: before } = engine.heads();
      if (entry.l2.number > safe.number || entry.l2.number <= before.number) return;
      await engine.setHeads({ unsafe: unsafe.hash, finalized: entry.l2.hash });
    });
    this.#notify();
  }

  #setIdle(idle: boolean): void {
    if (idle === this.#idle) return;
    this.#idle = idle;
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
