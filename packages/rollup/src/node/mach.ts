import { join } from "node:path";
import type { Engine } from "@altlayer/engine";
import { MachDigests, type RollupConfig, rollupId } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { SafeHeadStore } from "../derivation/safe-head-store.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import type { Logger } from "../log.ts";
import { BaseSource } from "../mach/bases.ts";
import { RollupMachChain } from "../mach/chain.ts";
import { HistoryFile } from "../mach/history-file.ts";
import { L1Blocks } from "../mach/l1-blocks.ts";
import { readSchedule } from "../mach/schedule.ts";
import { keccakBytes } from "./support.ts";

/** The chain as MACH sees it. Not started. */
export async function openMachChain(
  options: {
    readonly config: NonNullable<NodeConfig["mach"]>;
    readonly rollup: RollupConfig;
    readonly dataDir: string;
  },
  dependencies: {
    readonly engine: Engine;
    readonly driver: DerivationDriver;
    readonly store: SafeHeadStore;
    readonly watcher: HeadWatcher;
    readonly l1: L1Reader;
    readonly l1Rpc: JsonRpcClient;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<RollupMachChain> {
  const { config, rollup, dataDir } = options;
  const { l1, l1Rpc, watcher, log } = dependencies;
  const schedule = await readSchedule(config.table, { rpc: l1Rpc });
  const identity = {
    systemConfig: rollup.l1SystemConfigAddress,
    l2ChainId: rollup.l2ChainId,
    l2GenesisHash: rollup.genesis.l2.hash,
  };
  const domain = {
    l1ChainId: rollup.l1ChainId,
    avs: config.avs,
    operatorSetId: config.operatorSetId,
    rollupId: rollupId(identity, keccakBytes),
  };
  return new RollupMachChain(
    { rollup, schedule },
    {
      ...dependencies,
      bases: new BaseSource({ schedule }, dependencies),
      l1Blocks: new L1Blocks({ l1, watcher }),
      history: new HistoryFile({ path: join(dataDir, "mach-history") }, { log }),
      digests: new MachDigests(domain, { keccak256: keccakBytes }),
      keccak256: keccakBytes,
    },
  );
}
