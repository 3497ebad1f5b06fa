/** When the slices of a block may be taken, and how much gas each. */
export interface SlicePace {
  /** When filling began, and when it ends. */
  readonly startMs: number;
  readonly deadlineMs: number;
  readonly sliceMs: number;
  /** Of the block. */
  readonly gasLimit: number;
}

/**
 * Gas that the block may have used by the end of the slice that is taken now. It grows evenly over the block's time, so that
 * what comes first does not fill the block; what a quiet spell leaves is there for those who come later. A block that is late
 * takes all it can.
 *
 * @example with 30M gas over one second and slices of 10 ms, the slice taken after 490 ms may bring the block to 15M.
 */
export function gasAllowance(pace: SlicePace, nowMs: number): number {
  const { startMs, deadlineMs, sliceMs, gasLimit } = pace;
  const duration = deadlineMs - startMs;
  const share = duration <= 0 ? 1 : (nowMs + sliceMs - startMs) / duration;
  return Math.floor(gasLimit * Math.min(1, Math.max(0, share)));
}
