import { isDepositTransaction, type L2BlockRef, type RollupConfig } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import type { L2Chain } from "../derivation/l2-chain.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import type { Logger } from "../log.ts";
import { estimateL1Number, secondsPerBlock } from "./l1-estimate.ts";

export type WindowLevel = "clear" | "warning" | "throttled" | "stopped" | "expired";

/** Shares of the sequencing window, used up by the oldest block that is not on the L1, from which each level holds. */
export interface WindowThresholds {
  readonly warnAt: number;
  readonly throttleAt: number;
  readonly stopAt: number;
}

/** Whether the next block may be built, and what it may hold. */
export interface BuildDecision {
  readonly build: boolean;
  /** Nothing of the pool: its batch would not reach the L1 in time, and derivation must find the block as it would make it. */
  readonly depositsOnly: boolean;
}

export interface WindowStatus {
  readonly level: WindowLevel;
  /** L1 blocks since the L1 origin of the oldest block that only a batch can bring to the L1; 0 if there is none. */
  readonly usedBlocks: number;
  readonly windowBlocks: number;
  /** That block, and the last L1 block that may hold its batch. */
  readonly oldestBlock: number | null;
  readonly deadlineL1Block: number | null;
  /** New blocks are so close behind an expired window that they take deposits only. */
  readonly recovering: boolean;
}

export interface WindowGuardOptions {
  readonly rollup: RollupConfig;
  readonly thresholds: WindowThresholds;
  /** Bytes of transactions that a block may hold while throttled. */
  readonly throttledBlockBytes: number;
}

export interface WindowGuardDependencies {
  readonly heads: () => { readonly safe: { readonly hash: L2BlockRef["hash"]; readonly number: number } };
  readonly l1: L1Reader;
  readonly l2: L2Chain;
  readonly watcher: HeadWatcher;
  readonly clock: Clock;
  readonly log: Logger;
}

const MAX_WAIT_MS = 300;

/** Blocks looked at in one decision; the rest follow in the next, and count as lagging until then. */
const MAX_WALK_BLOCKS = 512;

/** How far the window of a block with that L1 origin is used up at an L1 height. */
export function windowLevel(
  usedBlocks: number,
  windowBlocks: number,
  { warnAt, throttleAt, stopAt }: WindowThresholds,
): WindowLevel {
  if (usedBlocks > windowBlocks) return "expired";
  if (usedBlocks >= stopAt * windowBlocks) return "stopped";
  if (usedBlocks >= throttleAt * windowBlocks) return "throttled";
  return usedBlocks >= warnAt * windowBlocks ? "warning" : "clear";
}

/**
 * Keeps the chain from building on blocks that the L1 may never hold. A batch that is not on the L1 within the
 * sequencing window of its L1 origin is void (derivation.md, "Batch Queue"): derivation then makes the block without
 * its transactions, and every later block falls with it. So when batches lag, the sequencer first warns, then makes
 * small blocks, then none, and goes on by itself once the safe head has followed.
 *
 * What derivation would make just so by itself does not count: blocks with deposits only, whose origin is the newest
 * that their time allows. That is what the sequencer makes right behind an expired window, where no batch can be in
 * time, until it has come to origins young enough for transactions.
 */
export class WindowGuard {
  readonly #options: WindowGuardOptions;
  readonly #d: WindowGuardDependencies;
  /** The newest unsafe block such that it and all below it down to the safe head need no batch. */
  #reproducible: L2BlockRef | null = null;
  #status: WindowStatus;

  constructor(options: WindowGuardOptions, dependencies: WindowGuardDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#status = {
      level: "clear",
      usedBlocks: 0,
      windowBlocks: options.rollup.seqWindowSize,
      oldestBlock: null,
      deadlineL1Block: null,
      recovering: false,
    };
  }

  /** As of the last decision: a sequencer asks before every block, and while it is stopped. */
  get status(): WindowStatus {
    return this.#status;
  }

  /** Bytes of the pool that a block may hold; `null` for no limit. */
  get throttle(): number | null {
    return this.#status.level === "throttled" ? this.#options.throttledBlockBytes : null;
  }

  /** Whether a block may be built on `parent`, the unsafe head. Before the L1 was ever seen nothing is built. */
  async decide(parent: L2BlockRef): Promise<BuildDecision> {
    const l1Number = this.#l1Number();
    if (l1Number === null) return { build: false, depositsOnly: false };
    const { rollup, thresholds } = this.#options;
    const oldest = await this.#oldestThatNeedsBatch(parent, l1Number);
    const usedBlocks = oldest === null ? 0 : Math.max(0, l1Number - oldest.l1Origin.number);
    const level = windowLevel(usedBlocks, rollup.seqWindowSize, thresholds);
    const recovering = l1Number - parent.l1Origin.number >= thresholds.warnAt * rollup.seqWindowSize;
    const before = this.#status;
    this.#status = {
      level,
      usedBlocks,
      windowBlocks: rollup.seqWindowSize,
      oldestBlock: oldest?.number ?? null,
      deadlineL1Block: oldest === null ? null : oldest.l1Origin.number + rollup.seqWindowSize,
      recovering,
    };
    this.#tell(before);
    return { build: level !== "stopped" && level !== "expired", depositsOnly: recovering };
  }

  /** While the L1 is silent its height is estimated: the window runs out all the same. */
  #l1Number(): number | null {
    const { watcher, clock } = this.#d;
    const { heads, answeredAtMs } = watcher;
    if (heads === null || answeredAtMs === null) return null;
    const { l1, l2Time } = this.#options.rollup.genesis;
    return estimateL1Number({
      latest: heads.latest.number,
      silentMs: clock.nowMs() - answeredAtMs,
      secondsPerBlock: secondsPerBlock({ number: l1.number, timestamp: l2Time }, heads.latest),
    });
  }

  /** `null` if there is none, or none that could be behind. */
  async #oldestThatNeedsBatch(head: L2BlockRef, l1Number: number): Promise<L2BlockRef | null> {
    const { heads, l2 } = this.#d;
    const { rollup, thresholds } = this.#options;
    const safe = await l2.byHash(heads().safe.hash);
    if (head.number <= safe.number) return null;
    // No unsafe block has an older origin than the safe head: in ordinary times nothing is read at all.
    if (windowLevel(l1Number - safe.l1Origin.number, rollup.seqWindowSize, thresholds) === "clear") return null;
    let known = this.#reproducible;
    const stands = known !== null && known.number > safe.number && known.number <= head.number;
    if (!stands || known === null || (await l2.byNumber(known.number)).hash !== known.hash) {
      known = safe;
    }
    for (let walked = 0; known.number < head.number; walked++) {
      const payload = await l2.payload(known.number + 1);
      const block = l2.remember(payload);
      const reproducible =
        payload.transactions.every(isDepositTransaction) && (await this.#hasNewestOrigin(block, known));
      if (!reproducible || walked >= MAX_WALK_BLOCKS) {
        this.#reproducible = known;
        return block;
      }
      known = block;
    }
    this.#reproducible = known;
    return null;
  }

  /** Derivation begins an epoch with the first block whose time has reached it (derivation.md, "Deriving Payload Attributes"). */
  async #hasNewestOrigin(block: L2BlockRef, parent: L2BlockRef): Promise<boolean> {
    const next = await this.#nextOrigin(parent);
    if (next === null) return false;
    return block.l1Origin.hash === (block.timestamp >= next.timestamp ? next.hash : parent.l1Origin.hash);
  }

  #next: { readonly parentHash: string; readonly hash: string; readonly timestamp: number } | null = null;

  async #nextOrigin({ l1Origin }: L2BlockRef) {
    if (this.#next?.parentHash === l1Origin.hash) return this.#next;
    // Unknown is not reproducible, which errs to the safe side; the next decision asks again. A silent L1 must not
    // hold up the block.
    const answer = this.#d.l1.headerByNumber(l1Origin.number + 1).catch(() => null);
    const next = await Promise.race([answer, this.#d.clock.sleep(MAX_WAIT_MS).then(() => null)]);
    if (next?.parentHash !== l1Origin.hash) return null;
    this.#next = next;
    return next;
  }

  #tell(before: WindowStatus): void {
    const { log } = this.#d;
    const { level, usedBlocks, windowBlocks, oldestBlock, deadlineL1Block, recovering } = this.#status;
    if (level !== before.level) {
      const fields = { usedBlocks, windowBlocks, oldestBlock, deadlineL1Block };
      if (level === "clear") log.info("sequencing window is clear again", fields);
      if (level === "warning") log.warn("batches lag: the sequencing window is running out", fields);
      if (level === "throttled") log.warn("batches lag: blocks are throttled", fields);
      if (level === "stopped") log.error("batches lag: sequencing is held until they reach the L1", fields);
      if (level === "expired") log.error("sequencing window expired: unsafe blocks will be derived anew", fields);
    }
    if (recovering !== before.recovering) {
      const fields = { recovering, windowBlocks };
      if (recovering) log.warn("blocks take deposits only until their L1 origin is young enough", fields);
      else log.info("blocks take transactions again", fields);
    }
  }
}
