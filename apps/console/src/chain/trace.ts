import type { CallFrame } from "./shapes.ts";

/** A call within a transaction, at its place in the tree of calls. */
export interface TracedCall {
  readonly frame: CallFrame;
  /** In the order in which the calls were made, the transaction's own being 0. */
  readonly index: number;
  readonly depth: number;
  readonly calls: readonly TracedCall[];
}

export interface TracedTransaction {
  readonly root: TracedCall;
  readonly count: number;
  readonly depthMax: number;
  /** Called accounts, each once, in the order of their first call; at most `ADDRESSES_MAX`. */
  readonly called: readonly `0x${string}`[];
  readonly failedCount: number;
}

/** Contracts whose names and functions are asked for. */
export const ADDRESSES_MAX = 24;

/** Numbers the calls of a trace. The depth of a trace is bounded by the EVM (1,024), so this may recurse. */
export function tracedOf(frame: CallFrame): TracedTransaction {
  const called = new Set<`0x${string}`>();
  let count = 0;
  let depthMax = 0;
  let failedCount = 0;
  const walk = (each: CallFrame, depth: number): TracedCall => {
    const index = count++;
    depthMax = Math.max(depthMax, depth);
    if (each.error !== undefined) failedCount += 1;
    if (each.to !== undefined && called.size < ADDRESSES_MAX) called.add(each.to);
    return { frame: each, index, depth, calls: (each.calls ?? []).map((call) => walk(call, depth + 1)) };
  };
  const root = walk(frame, 0);
  return { root, count, depthMax, called: [...called], failedCount };
}
