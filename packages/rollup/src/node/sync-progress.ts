import type { BlockRef } from "@altlayer/engine";
import type { SyncProgress } from "../rpc/providers.ts";

/** A follower that is this close to the L1's time has caught up, by what wallets care about. */
const CLOSE_SECONDS = 120;

/**
 * How far a node is from the end of its chain (eth_syncing). Where the chain ends, only its sequencer knows; a chain
 * that runs has a block for every block time up to the L1's newest.
 */
export function syncProgress(
  state: { readonly startingBlock: number; readonly unsafe: BlockRef; readonly l1: BlockRef | null },
  options: { readonly blockTime: number; readonly idle: boolean },
): false | SyncProgress {
  const { startingBlock, unsafe, l1 } = state;
  if (options.idle || l1 === null) return false;
  const behindSeconds = l1.timestamp - unsafe.timestamp;
  if (behindSeconds <= CLOSE_SECONDS) return false;
  const highestBlock = unsafe.number + Math.floor(behindSeconds / options.blockTime);
  return { startingBlock, currentBlock: unsafe.number, highestBlock };
}
