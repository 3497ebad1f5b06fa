import type { MachServiceFile } from "@altlayer/restaking";
import type { Network } from "../networks.ts";
import type { Role } from "../secrets/key-store.ts";
import type { Hex } from "../spec/primitives.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import type { NodeVersion } from "../steps/results.ts";
import type { Ports } from "../store/rollup-records.ts";
import type { Operator } from "./operators.ts";

/** Operators of a development network, which run beside their rollup's node. */
export interface MachRun {
  readonly service: MachServiceFile;
  readonly operators: readonly Operator[];
  /** The rollup has run before, and its operators may have signed. */
  readonly startedBefore: boolean;
  /** Private key of the account that pays for the upkeep of the tables. */
  readonly keeper: Hex;
}

/** What a node is told to begin from. */
export interface SnapshotStart {
  readonly file: string;
  readonly blockHash: Hex;
}

/** Of a node that follows a chain which others sequence. */
export interface Follow {
  /** Multiaddresses from which unsafe blocks are heard. */
  readonly peers: readonly string[];
}

export interface RunRequest {
  readonly id: string;
  /** Rollups of one group may share a process, and so its fate: a team's. */
  readonly group: string;
  readonly spec: RollupSpec;
  /** Of the settings that the node is started with (`settingsOf`). */
  readonly settings: string;
  readonly network: Network;
  /** Holds genesis.json and rollup.json; the node's own data lie in `node` below it. */
  readonly directory: string;
  readonly disputeGameFactory: Hex;
  /** Ports of the last run; taken ones are replaced. */
  readonly ports: Ports | null;
  /** What a node without data begins from; null for genesis. A node with data goes on with them. */
  readonly snapshot: SnapshotStart | null;
  /** Its service and who acts in it; null for a rollup that is not restaked. */
  readonly mach: MachRun | null;
  /** Absent: the node sequences, and has the keys for it. */
  readonly follow?: Follow;
  readonly privateKey: (role: Role) => Promise<Hex>;
  /** Takes a line of the node's log: a JSON object. */
  readonly logLine: (line: string) => void;
}

export interface Endpoints {
  readonly rpc: string;
  readonly ws: string;
  readonly flashblocks: string | null;
}

export interface Running {
  readonly settings: string;
  readonly endpoints: Endpoints;
  /** What people are told instead, where the endpoints are for us alone. */
  readonly shown?: Endpoints;
  readonly ports: Ports;
  /** The program that runs the node; absent where others run it. */
  readonly node?: NodeVersion | undefined;
  /** Tells of every change of the head, of a node that is near enough for it. */
  readonly onHead?: (listener: () => void) => () => void;
}

/**
 * Where rollups' nodes run: as objects of this process, in a process per group, or elsewhere, behind the same calls. What
 * is asked of a node itself goes by its endpoints. All calls are idempotent: starting what runs and stopping what does
 * not are no errors.
 */
export interface Runtime {
  /** A rollup of this group is about to be launched: what it will run in may be made ready meanwhile. */
  prepare?(group: string): void;
  /** @throws with the node's own code when it does not start; nothing of it runs then. */
  start(request: RunRequest): Promise<Running>;
  /** Waits until the node has ended: afterwards nothing signs for this rollup here. */
  stop(id: string): Promise<void>;
  running(id: string): Running | null;
  /** The node asks for its accounts again, and goes on with those. No error where none runs. */
  rotateKeys(id: string): Promise<void>;
  /** Called when a node ends without being asked to. */
  onExit(listener: (id: string, error: unknown) => void): () => void;
  /** Writes a snapshot of the node's chain. @throws when nothing is safe yet */
  snapshot(id: string, options: SnapshotOptions): Promise<SnapshotResult>;
  /**
   * Makes no more blocks, and brings those there are to the L1: the chain is about to go on elsewhere.
   * @returns blocks that are not safe when the time is over; 0 when nothing is left behind
   */
  drain(id: string, timeoutMs: number): Promise<number>;
  /** Stops all nodes. */
  close(): Promise<void>;
}

export interface SnapshotOptions {
  readonly path: string;
  readonly block: "safe" | "finalized";
}

export interface SnapshotResult {
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly bytes: number;
}
