import type { Engine, SnapshotInfo } from "@altlayer/engine";
import { derivationParameters, type L2BlockRef, type RollupConfig } from "@altlayer/protocol";
import type { L2Chain } from "../derivation/l2-chain.ts";
import { RollupError } from "../errors.ts";

export type SnapshotBlock = "finalized" | "safe" | number;

/** BLOCKHASH reaches so far back. */
const BLOCK_HASHES = 256;
/** An L1 origin is no older than this before its L2 block (the largest sequencer drift, since Fjord). */
const MAX_DRIFT_SECONDS = 3_600;

/**
 * Writes a snapshot of a chain, running or not, at a block that cannot be reorganised away: the finalized head, or the
 * safe head where nothing is final yet (development chains).
 */
export async function createSnapshot(
  options: { readonly path: string; readonly block: SnapshotBlock; readonly rollup: RollupConfig },
  dependencies: { readonly engine: Engine; readonly l2: L2Chain },
): Promise<SnapshotInfo> {
  const { engine, l2 } = dependencies;
  const { safe, finalized } = engine.heads();
  const number =
    options.block === "finalized" ? finalized.number : options.block === "safe" ? safe.number : options.block;
  if (number > safe.number) {
    throw new RollupError("SNAPSHOT_UNAVAILABLE", `block ${number} is not safe: the safe head is ${safe.number}`, {
      severity: "permanent",
      data: { number, safe: safe.number },
    });
  }
  if (number <= options.rollup.genesis.l2.number) {
    throw new RollupError("SNAPSHOT_UNAVAILABLE", "nothing is final yet: wait, or take the safe head (--block safe)", {
      severity: "temporary",
      data: { number },
    });
  }
  const first = await firstNeeded(options.rollup, { l2, block: await l2.byNumber(number) });
  return await engine.writeSnapshot({ path: options.path, number, first });
}

/**
 * The oldest block that a node which begins at `block` asks for: derivation starts a channel timeout before the block's
 * L1 origin (`isPipelineStart`), and contracts may read 256 block hashes.
 */
async function firstNeeded(
  rollup: RollupConfig,
  { l2, block }: { readonly l2: L2Chain; readonly block: L2BlockRef },
): Promise<number> {
  let base = block;
  for (;;) {
    const { channelTimeout } = derivationParameters(rollup, Math.max(0, base.timestamp - MAX_DRIFT_SECONDS));
    if (base.number <= rollup.genesis.l2.number || base.l1Origin.number <= rollup.genesis.l1.number) break;
    if (base.l1Origin.number + channelTimeout <= block.l1Origin.number) break;
    base = await l2.byHash(base.parentHash);
  }
  return Math.max(0, Math.min(base.number, block.number - BLOCK_HASHES));
}
