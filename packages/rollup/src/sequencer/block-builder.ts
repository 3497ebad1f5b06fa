import type { CandidateId, Engine, ExtendResult } from "@altlayer/engine";
import type { PayloadAttributes } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import { closedError } from "../clock.ts";
import type { Wakeup } from "../signal.ts";
import { gasAllowance } from "./slice-pace.ts";

/** The clock may be set while an open block waits for transactions: it is read again this often. */
const LONGEST_WAIT_MS = 500;

export interface BlockBuilderOptions {
  /** Shortest time between two slices of a block. */
  readonly sliceMs: number;
  /** Bytes of transactions in a block, below what gossip carries (10 MiB). */
  readonly maxBlockBytes: number;
}

export interface BlockBuilderDependencies {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Poked when transactions were pooled. */
  readonly pooled: Wakeup;
  /** Bytes that the batcher lets into a block while L1 falls behind; `null` for no limit. */
  readonly throttle: () => number | null;
}

/** A block that is open for transactions. */
export interface OpenBlock {
  readonly candidate: CandidateId;
  readonly attributes: PayloadAttributes;
  readonly opened: Pick<ExtendResult, "gasUsed" | "transactionBytes">;
  /** Whether the block still has its place; building stops once it has not. */
  readonly isCurrent: () => boolean;
}

/** The block lost its place: the head moved. */
export const OUTPACED = Symbol("outpaced");

/** Fills an open block from the pool, slice by slice, until its deadline. */
export class BlockBuilder {
  readonly #options: BlockBuilderOptions;
  readonly #d: BlockBuilderDependencies;

  constructor(options: BlockBuilderOptions, dependencies: BlockBuilderDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /**
   * Fills until the deadline; at least once, so that a chain that is late still includes transactions. @throws OUTPACED
   */
  async fill(block: OpenBlock, deadlineMs: number, signal: AbortSignal): Promise<void> {
    const { engine, clock, pooled, throttle } = this.#d;
    const { sliceMs, maxBlockBytes } = this.#options;
    const { candidate, attributes, opened } = block;
    const pace = { startMs: clock.nowMs(), deadlineMs, sliceMs, gasLimit: attributes.gasLimit };
    const maxBytes = opened.transactionBytes + Math.min(maxBlockBytes, throttle() ?? maxBlockBytes);
    let { gasUsed, transactionBytes: bytes } = opened;
    for (let first = true; ; first = false) {
      if (signal.aborted) throw closedError();
      if (!block.isCurrent()) throw OUTPACED;
      const sliceStartMs = clock.nowMs();
      if (!first && sliceStartMs >= deadlineMs) return;
      const maxGas = gasAllowance(pace, sliceStartMs) - gasUsed;
      let included = 0;
      if (maxGas > 0 && bytes < maxBytes) {
        // A block that is late has one slice: it takes what fits into it.
        const maxMs = sliceStartMs + sliceMs >= deadlineMs ? Math.max(sliceMs, 50) : sliceMs;
        const source = { kind: "pool", maxGas, maxBytes: maxBytes - bytes, maxMs, brief: true } as const;
        const result = await engine.extend(candidate, source);
        ({ gasUsed, transactionBytes: bytes, includedCount: included } = result);
      }
      const leftMs = deadlineMs - clock.nowMs();
      if (leftMs <= 0) return;
      const restMs = sliceMs - (clock.nowMs() - sliceStartMs);
      if (restMs > 0) await clock.sleep(Math.min(restMs, leftMs), signal);
      // Nothing came in and nothing is left over: wait until something does.
      if (included > 0 || maxGas <= 0) continue;
      const waitMs = Math.min(deadlineMs - clock.nowMs(), LONGEST_WAIT_MS);
      await pooled.wait(Math.max(1, waitMs), clock, signal);
    }
  }
}
