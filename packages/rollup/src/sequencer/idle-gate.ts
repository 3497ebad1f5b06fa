import type { L2BlockRef } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import { Wakeup } from "../signal.ts";

export interface IdleGateOptions {
  /** How long a chain that nobody uses may stay behind its schedule. */
  readonly idleMs: number;
  readonly blockTimeMs: number;
  /** Time before a block's own time at which it is sealed. */
  readonly sealMarginMs: number;
}

export interface IdleGateDependencies {
  readonly clock: Clock;
  /** Timestamp of the unsafe head, in seconds. */
  readonly headTimestamp: () => number;
  /** Transactions of the pool that could be executed now. */
  readonly executable: () => Promise<number>;
  /** Somebody listens for new blocks. */
  readonly watched: () => boolean;
}

/** The clock may be set while the chain rests: it is read again this often. */
const LONGEST_WAIT_MS = 5_000;
/** A caller who wants the present is not held up longer than this by a sequencer that cannot build. */
const CATCH_UP_MAX_MS = 2_000;

/**
 * Lets a chain rest while nobody uses it. Derivation fixes the time of every block, so the blocks that are due meanwhile
 * may be made later, all at once, without anybody who follows the chain seeing a difference: when somebody uses it, when
 * the L1 has something for it, and at the latest when it is `idleMs` behind.
 *
 * @example blocks of 1 s, `idleMs` 30,000, head at 12:00:00: a transaction at 12:00:20.3 finds the blocks of 12:00:01 to
 * 12:00:20 missing. They are made empty, at once; it goes into the block of 12:00:21, as on a chain that never rested.
 */
export class IdleGate {
  readonly #options: IdleGateOptions;
  readonly #d: IdleGateDependencies;
  readonly #wakeup = new Wakeup();
  #usedAtMs: number;
  #wokenAtMs: number;
  /** Height of the newest L1 block that holds something for the chain. */
  #wantedOrigin = 0;
  /** Resolved once a chain that has rested is at its schedule again; null while it never left it. */
  #present: PromiseWithResolvers<void> | null = null;

  constructor(options: IdleGateOptions, dependencies: IdleGateDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#usedAtMs = dependencies.clock.nowMs();
    this.#wokenAtMs = this.#usedAtMs;
  }

  /** Somebody uses the chain: what is due is made, and the block in whose time this falls. */
  touch(): void {
    this.#usedAtMs = Math.max(this.#usedAtMs, this.#d.clock.nowMs());
    this.#wakeup.poke();
  }

  /** The L1 block of that height holds deposits or settings: the chain does not rest before it is an origin. */
  wantOrigin(number: number): void {
    if (number <= this.#wantedOrigin) return;
    this.#wantedOrigin = number;
    this.#wakeup.poke();
  }

  /** Ends a rest without any block being made: the sequencer stops, or closes. */
  interrupt(): void {
    this.#wakeup.poke();
  }

  /** Like `touch`; resolves once no block is due that is not made. Bounded: a sequencer that is held makes none. */
  async current(): Promise<void> {
    this.touch();
    if (this.#present === null || !this.#isBehind()) return;
    const waiting = new AbortController();
    await Promise.race([
      this.#present.promise,
      this.#d.clock.sleep(CATCH_UP_MAX_MS, waiting.signal).catch(() => {}),
    ]).finally(() => waiting.abort());
  }

  /** Whether the block after `parent` can wait, as far as is known without asking anybody. */
  mayRest(parent: L2BlockRef): boolean {
    return this.#usedAtMs < this.#opensMs(parent);
  }

  /** Waits until the block after `parent`, the head, is to be made. False: `stopped` came first. */
  async rest(parent: L2BlockRef, stopped: () => boolean, signal: AbortSignal): Promise<boolean> {
    const { clock, executable, watched } = this.#d;
    while (this.mayRest(parent)) {
      if (stopped() || signal.aborted) return false;
      const leftMs = parent.timestamp * 1_000 + this.#options.idleMs - clock.nowMs();
      const wanted = leftMs <= 0 || watched() || parent.l1Origin.number < this.#wantedOrigin;
      if (wanted || (await executable()) > 0) {
        this.#usedAtMs = Math.max(this.#opensMs(parent), clock.nowMs());
        break;
      }
      this.#present ??= Promise.withResolvers();
      await this.#wakeup.wait(Math.min(leftMs, LONGEST_WAIT_MS), clock, signal);
    }
    this.#wokenAtMs = clock.nowMs();
    return true;
  }

  /** Whether a block's time was over before the chain was used again: what came then belongs into a later block. */
  isPast(timestamp: number): boolean {
    return this.#present !== null && timestamp * 1_000 - this.#options.sealMarginMs <= this.#wokenAtMs;
  }

  /** A block became the head. */
  adopted(): void {
    if (!this.#isBehind()) this.release();
  }

  /** Lets go who waits for the present: it is reached, or will not be. */
  release(): void {
    this.#present?.resolve();
    this.#present = null;
  }

  /** When the block after `parent` begins to be filled. */
  #opensMs(parent: L2BlockRef): number {
    return parent.timestamp * 1_000 - this.#options.sealMarginMs;
  }

  #isBehind(): boolean {
    const { blockTimeMs, sealMarginMs } = this.#options;
    return this.#d.headTimestamp() * 1_000 + blockTimeMs - sealMarginMs <= this.#d.clock.nowMs();
  }
}
