import type { Engine } from "@altlayer/engine";
import type { RollupConfig } from "@altlayer/protocol";
import type { Batcher } from "../batcher/batcher.ts";
import type { Clock } from "../clock.ts";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { RoleTransactions } from "../l1/role-transactions.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import type { GossipService } from "../node/gossip.ts";
import type { NodeMach } from "../node/mach.ts";
import type { Proposer } from "../proposer/proposer.ts";
import type { RpcServer } from "../rpc/server.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";
import type { WindowGuard } from "../sequencer/window-guard.ts";
import type { SliceFollower } from "../slices/slice-follower.ts";
import type { SnapshotConfirmation } from "../snapshot/confirmation.ts";
import type { BalanceWatcher } from "./runway.ts";

/** A node's parts as its monitoring reads them: all by plain getters, whenever it asks. */
export interface ObservedNode {
  readonly dataDir: string;
  readonly rollup: RollupConfig;
  readonly clock: Clock;
  readonly engine: Engine;
  readonly watcher: HeadWatcher;
  readonly l1: JsonRpcClient;
  readonly driver: DerivationDriver | null;
  /** Of a node that began from a snapshot. */
  readonly snapshot: SnapshotConfirmation | null;
  readonly rpc: RpcServer | null;
  readonly gossip: GossipService | null;
  readonly sliceFollower: SliceFollower | null;
  readonly mach: NodeMach | null;
  readonly sequencer: Sequencer | null;
  readonly windowGuard: WindowGuard | null;
  readonly batcher: Batcher | null;
  readonly proposer: Proposer | null;
  /** Managers of L1 transactions by role. */
  readonly transactions: ReadonlyMap<string, RoleTransactions>;
  readonly balances: BalanceWatcher;
}
