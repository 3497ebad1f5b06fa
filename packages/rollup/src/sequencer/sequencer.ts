import type { Engine, ExecutionPayload, HeadChange, Hex } from "@altlayer/engine";
import type { Keccak256, L2BlockRef, RollupConfig } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import { closedError } from "../clock.ts";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { L2Chain } from "../derivation/l2-chain.ts";
import { describeError, isClosed, RollupError, severityOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Mutex } from "../mutex.ts";
import { Wakeup } from "../signal.ts";
import { sequencedAttributes } from "./attributes.ts";
import type { OriginSelector } from "./origin-selector.ts";
import type { WindowGuard } from "./window-guard.ts";

export interface SequencerOptions {
  readonly rollup: RollupConfig;
  /** Time before the block's own time at which filling ends and sealing begins. */
  readonly sealMarginMs: number;
  /** Shortest time between two fillings of an open block. */
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
  /** Takes every new block once it is the head: gossip. */
  readonly publish: ((payload: ExecutionPayload) => Promise<void>) | null;
}

/** How long a sequencer that may not build waits before it asks again. */
const HELD_MS = 200;

/** A candidate was opened on a head that is no more. */
const OUTPACED = Symbol("outpaced");

/**
 * Builds blocks at their times: opens a candidate on the unsafe head as soon as the block's slot begins, fills it from
 * the pool until shortly before the block's time, seals it and makes it the head.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #d: SequencerDependencies;
  readonly #closing = new AbortController();
  readonly #pooled = new Wakeup();
  #stopListening: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #paused = false;
  #last: ExecutionPayload | null = null;

  constructor(options: SequencerOptions, dependencies: SequencerDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  get active(): boolean {
    return this.#running !== null && !this.#paused;
  }

  start(): void {
    this.#stopListening ??= this.#d.engine.onEvent((event) => {
      if (event.kind === "pooled") this.#pooled.poke();
    });
    this.#paused = false;
    this.#running ??= this.#run();
  }

  /** Ends after the block in work; `start` goes on. */
  pause(): void {
    this.#paused = true;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#stopListening?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, driver, log } = this.#d;
    const { signal } = this.#closing;
    let failures = 0;
    try {
      // What the L1 already holds of this chain comes first: a sequencer that lost its disk must not fork itself.
      while (!(driver.status.phase === "deriving" && driver.status.idle)) await clock.sleep(20, signal);
      log.info("sequencing", { head: this.#d.engine.heads().unsafe.number });
      while (!signal.aborted) {
        if (this.#paused) {
          await clock.sleep(50, signal);
          continue;
        }
        try {
          await this.#buildNext();
          failures = 0;
        } catch (error) {
          if (signal.aborted || isClosed(error)) return;
          if (severityOf(error) === "reset") driver.requestReset();
          if (failures++ % 20 === 0) log.warn("cannot build a block", { error: describeError(error), failures });
          await clock.sleep(Math.min(1_000, 50 * 2 ** Math.min(failures, 5)), signal);
        }
      }
    } catch (error) {
      if (!signal.aborted) log.error("sequencer stopped", { error: describeError(error) });
    }
  }

  async #buildNext(): Promise<void> {
    const { engine, clock, l2, origins, guard, keccak256 } = this.#d;
    const { rollup } = this.#options;
    const parent = await l2.byHash(engine.heads().unsafe.hash);
    const timestamp = parent.timestamp + rollup.blockTime;
    const slotMs = (timestamp - rollup.blockTime) * 1000;
    if (clock.nowMs() < slotMs) await clock.sleep(slotMs - clock.nowMs(), this.#closing.signal);
    if (engine.heads().unsafe.hash !== parent.hash) return;

    const { build, depositsOnly } = await guard.decide(parent);
    if (!build) {
      await clock.sleep(HELD_MS, this.#closing.signal);
      return;
    }
    const selected = await origins.select(parent);
    const origin = { ...selected, empty: selected.empty || depositsOnly };
    const parentPayload = this.#last?.blockHash === parent.hash ? this.#last : await l2.payload(parent.number);
    if (parentPayload.blockHash !== parent.hash) return;
    const attributes = sequencedAttributes({ rollup, parent, parentPayload, origin }, { keccak256 });
    const opened = await engine.open(parent.hash, attributes);
    try {
      if (!attributes.noTxPool) await this.#fill(opened.candidate, opened.transactionBytes, parent, timestamp);
      else await this.#untilSealing(timestamp);
    } catch (error) {
      await engine.drop(opened.candidate).catch(() => {});
      if (error === OUTPACED) return;
      throw error;
    }
    const payload = await engine.seal(opened.candidate);
    if (await this.#adopt(parent.hash, payload)) {
      l2.remember(payload);
      this.#last = payload;
      await this.#d.publish?.(payload).catch((error: unknown) => {
        this.#d.log.warn("block not published", { number: Number(payload.blockNumber), error: describeError(error) });
      });
    }
  }

  /** Fills until the deadline; at least once, so that a chain that is late still includes transactions. */
  async #fill(candidate: number, openedBytes: number, parent: L2BlockRef, timestamp: number): Promise<void> {
    const { engine, clock, throttle } = this.#d;
    const { sliceMs, sealMarginMs, maxBlockBytes } = this.#options;
    const deadlineMs = timestamp * 1000 - sealMarginMs;
    const limit = openedBytes + Math.min(maxBlockBytes, throttle() ?? maxBlockBytes);
    let bytes = openedBytes;
    for (let first = true; ; first = false) {
      if (this.#closing.signal.aborted) throw closedError();
      if (engine.heads().unsafe.hash !== parent.hash) throw OUTPACED;
      const remainingMs = deadlineMs - clock.nowMs();
      if (!first && remainingMs <= 0) return;
      const maxMs = Math.max(Math.min(remainingMs, this.#options.rollup.blockTime * 1000), 50);
      const result = await engine.extend(candidate, { kind: "pool", maxBytes: Math.max(0, limit - bytes), maxMs });
      bytes = result.transactionBytes;
      const leftMs = deadlineMs - clock.nowMs();
      if (leftMs <= 0) return;
      await clock.sleep(Math.min(sliceMs, leftMs), this.#closing.signal);
      // Nothing came in: wait until something does.
      if (result.included.length === 0) {
        await this.#pooled.wait(Math.max(1, deadlineMs - clock.nowMs()), clock, this.#closing.signal);
      }
    }
  }

  async #untilSealing(timestamp: number): Promise<void> {
    const leftMs = timestamp * 1000 - this.#options.sealMarginMs - this.#d.clock.nowMs();
    if (leftMs > 0) await this.#d.clock.sleep(leftMs, this.#closing.signal);
  }

  /** Makes the sealed block the head unless derivation or a reset moved the head meanwhile. */
  #adopt(parentHash: Hex, payload: ExecutionPayload): Promise<HeadChange | null> {
    const { engine, headLock, log } = this.#d;
    return headLock.run(async () => {
      if (engine.heads().unsafe.hash !== parentHash) {
        log.info("sealed block is not adopted, the head moved", { number: Number(payload.blockNumber) });
        return null;
      }
      const change = await engine.setHeads({ unsafe: payload.blockHash });
      if (!change)
        throw new RollupError("ENGINE_SYNCING", "the engine does not know its own block", { severity: "reset" });
      return change;
    });
  }
}
