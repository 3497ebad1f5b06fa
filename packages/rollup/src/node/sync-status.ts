import type { BlockRef, Engine, Hex } from "@altlayer/engine";
import type { L2BlockRef } from "@altlayer/protocol";
import { type RollupConfig, serializeRollupConfig } from "@altlayer/protocol";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { L2Chain } from "../derivation/l2-chain.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { OptimismProvider } from "../rpc/providers.ts";

const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;
const NO_L1 = { hash: ZERO_HASH, number: 0, parentHash: ZERO_HASH, timestamp: 0 };

const l1Json = (ref: BlockRef | null | undefined) => {
  const { hash, number, parentHash, timestamp } = ref ?? NO_L1;
  return { hash, number, parentHash, timestamp };
};

const l2Json = ({ hash, number, parentHash, timestamp, l1Origin, sequenceNumber }: L2BlockRef) => ({
  hash,
  number,
  parentHash,
  timestamp,
  l1origin: { hash: l1Origin.hash, number: l1Origin.number },
  sequenceNumber,
});

/** What `optimism_` answers, in op-node's shapes (its `eth.SyncStatus`). */
export function optimismProvider(
  options: { readonly rollup: RollupConfig },
  dependencies: {
    readonly engine: Engine;
    readonly driver: DerivationDriver | null;
    readonly l2: L2Chain;
    readonly watcher: HeadWatcher;
  },
): OptimismProvider {
  const { engine, driver, l2, watcher } = dependencies;
  const rollupJson: unknown = JSON.parse(serializeRollupConfig(options.rollup));
  return {
    rollupConfig: () => rollupJson,
    blockRef: async (hash) => l2Json(await l2.byHash(hash)),
    syncStatus: async () => {
      const { unsafe, safe, finalized } = engine.heads();
      const status = driver?.status;
      const l1 = watcher.heads;
      const [unsafeRef, safeRef, finalizedRef] = await Promise.all(
        [unsafe, safe, finalized].map(({ hash }) => l2.byHash(hash)),
      );
      if (!unsafeRef || !safeRef || !finalizedRef) return null;
      const pending = status?.pendingSafe ?? safeRef;
      return {
        current_l1: l1Json(status?.currentL1),
        current_l1_finalized: l1Json(l1?.finalized),
        head_l1: l1Json(l1?.latest),
        safe_l1: l1Json(l1?.safe),
        finalized_l1: l1Json(l1?.finalized),
        unsafe_l2: l2Json(unsafeRef),
        safe_l2: l2Json(safeRef),
        finalized_l2: l2Json(finalizedRef),
        pending_safe_l2: l2Json(pending),
        cross_unsafe_l2: l2Json(unsafeRef),
        local_safe_l2: l2Json(safeRef),
      };
    },
  };
}
