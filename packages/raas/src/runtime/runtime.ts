import type { MachServiceFile } from "@altlayer/restaking";
import type { Logger } from "@altlayer/rollup";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Network } from "../networks.ts";
import type { Role } from "../secrets/key-store.ts";
import type { Hex } from "../spec/primitives.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import type { Ports } from "../store/rollups.ts";
import type { Operator } from "./operators.ts";

/** Operators of a development network, which run beside their rollup's node. */
export interface MachRun {
  readonly service: MachServiceFile;
  readonly operators: readonly Operator[];
  /** Pays for the upkeep of the tables. */
  readonly keeper: PrivateKeyAccount;
}

export interface RunRequest {
  readonly id: string;
  readonly spec: RollupSpec;
  /** Of the settings that the node is started with (`settingsOf`). */
  readonly settings: string;
  readonly network: Network;
  /** Holds genesis.json and rollup.json; the node's own data lie in `node` below it. */
  readonly directory: string;
  readonly disputeGameFactory: Hex;
  /** Ports of the last run; taken ones are replaced. */
  readonly ports: Ports | null;
  /** Its service and who acts in it; null for a rollup that is not restaked. */
  readonly mach: MachRun | null;
  readonly account: (role: Role) => Promise<PrivateKeyAccount>;
  readonly log: Logger;
}

export interface Endpoints {
  readonly rpc: string;
  readonly ws: string;
  readonly flashblocks: string | null;
}

export interface Running {
  readonly settings: string;
  readonly endpoints: Endpoints;
  readonly ports: Ports;
}

/**
 * Where rollups' nodes run. The in-process runtime keeps them as objects; a process or a cluster can stand behind the
 * same calls. All are idempotent: starting what runs and stopping what does not are no errors.
 */
export interface Runtime {
  start(request: RunRequest): Promise<Running>;
  /** Waits until the node has ended: afterwards nothing signs for this rollup here. */
  stop(id: string): Promise<void>;
  running(id: string): Running | null;
  /** Called when a node ends without being asked to. */
  onExit(listener: (id: string, error: unknown) => void): () => void;
  /** Writes a snapshot of the node's chain. @throws when nothing is safe yet */
  snapshot(
    id: string,
    options: { readonly path: string; readonly block: "safe" | "finalized" },
  ): Promise<SnapshotResult>;
  /** Stops all nodes. */
  close(): Promise<void>;
}

export interface SnapshotResult {
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly bytes: number;
}
