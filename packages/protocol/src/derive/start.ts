import { derivationParameters } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import type { L1BlockRef, L2BlockRef } from "../types.ts";

/**
 * Whether the pipeline, to go on from `safeHead`, may start at the L1 origin of `candidate`. A channel that is in
 * progress at the safe head's origin may have begun a channel timeout before: walk back from the safe head, parent by
 * parent, until this holds (specs/protocol/derivation.md, "Resetting the Pipeline").
 */
export function isPipelineStart(
  config: RollupConfig,
  at: { readonly candidate: L2BlockRef; readonly candidateOrigin: L1BlockRef; readonly safeHead: L2BlockRef },
): boolean {
  const { candidate, candidateOrigin, safeHead } = at;
  if (candidate.number <= config.genesis.l2.number || candidate.l1Origin.number <= config.genesis.l1.number)
    return true;
  const { channelTimeout } = derivationParameters(config, candidateOrigin.timestamp);
  return candidate.l1Origin.number + channelTimeout <= safeHead.l1Origin.number;
}
