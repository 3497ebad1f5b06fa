import { join } from "node:path";
import type { Engine, EngineOptions, SnapshotInfo } from "@altlayer/engine";
import { SystemClock } from "../clock.ts";
import type { NodeFiles } from "../config/load.ts";
import { L2Chain } from "../derivation/l2-chain.ts";
import { RollupError } from "../errors.ts";
import { silentLogger } from "../log.ts";
import { openEngineOf } from "../node/support.ts";
import { createSnapshot, type SnapshotBlock } from "./create.ts";

/** A snapshot of a node that does not run: its engine is opened for it. */
export async function snapshotOfStopped(
  options: NodeFiles & { readonly path: string; readonly block: SnapshotBlock },
  dependencies: { readonly openEngine: (options: EngineOptions) => Promise<Engine> },
): Promise<SnapshotInfo> {
  const { config, rollup, genesisJson, path, block } = options;
  if (config.engine.kind !== "embedded") {
    throw new RollupError("SNAPSHOT_UNAVAILABLE", "the node's engine is another program: use its own snapshots", {
      severity: "permanent",
    });
  }
  const engineDir = join(config.dataDir, "engine");
  const surroundings = { clock: new SystemClock(), log: silentLogger };
  const engine = await openEngineOf({ config, genesisJson, engineDir }, { ...dependencies, ...surroundings });
  try {
    return await createSnapshot({ path, block, rollup }, { engine, l2: new L2Chain({ rollup }, { engine }) });
  } finally {
    await engine.close();
  }
}
