import type { Engine, Hex } from "@altlayer/engine";
import type { SequencerControl } from "../sequencer/control.ts";
import type { SliceFeed } from "../slices/slice-feed.ts";
import type { RequestObserver } from "./json-rpc/handler.ts";

/** What the node tells the JSON-RPC server beyond the engine. All are read at call time, so answers are current. */
export interface NodeInfo {
  readonly chainId: number;
  /** `config` of genesis.json, answered by debug_chainConfig. */
  readonly chainConfig: Readonly<Record<string, unknown>>;
  /** As web3_clientVersion shows it, for example `altlayer/v0.1.0/linux-x64/node24`. */
  readonly clientVersion: string;
  /** `false` when the node has caught up with what it knows of. */
  syncing(): false | SyncProgress;
  /** Peers of the gossip network, in go-ethereum's admin_peers shape; empty without gossip. */
  peers(): readonly PeerInfo[];
  /** Own identity on the gossip network, if it runs. */
  identity?(): { readonly id: string; readonly addresses: readonly string[] };
}

export interface SyncProgress {
  readonly startingBlock: number;
  readonly currentBlock: number;
  readonly highestBlock: number;
}

export interface PeerInfo {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly inbound: boolean;
}

/** Source of the `optimism_` namespace (op-node's `node/api.go`). Values are plain JSON in op-node's shapes. */
export interface OptimismProvider {
  syncStatus(): Promise<unknown>;
  rollupConfig(): unknown;
  /** L1 origin and sequence number of an L2 block, for optimism_outputAtBlock. */
  blockRef(hash: Hex): Promise<L2BlockRef | null>;
}

export interface L2BlockRef {
  readonly hash: Hex;
  readonly number: number;
  readonly parentHash: Hex;
  readonly timestamp: number;
  readonly l1origin: { readonly hash: Hex; readonly number: number };
  readonly sequenceNumber: number;
}

/** What `eth_subscribe` tells of MACH. */
export type MachTopic = "machCertificates" | "machAlerts" | "machVoid";

/** Source of the `mach_` namespace. Values are plain JSON; ids are block numbers, tags or hashes of any kind. */
export interface MachProvider {
  service(): unknown;
  head(): unknown;
  certificate(id: string): Promise<unknown>;
  finality(id: string): Promise<unknown>;
  /** The block of that height in the history of a certificate's message. */
  historyProof(height: number, digest: string): Promise<unknown>;
  alerts(height?: number): unknown;
  listen(topic: MachTopic, push: (value: unknown) => void): () => void;
}

/** Source of op-node's `admin_` methods for sequencers (`node/api.go`). */
export interface SequencerAdmin {
  /** `null` while the node boots. */
  control(): Pick<SequencerControl, "active" | "start" | "stop"> | null;
  /** Whether commands are taken, or only the question whether it is active. */
  readonly commands: boolean;
}

/** Sends a transaction on to the sequencer: for followers, whose own pool builds no blocks. */
export type ForwardTransaction = (raw: Hex) => Promise<Hex>;

export interface RpcDependencies {
  readonly engine: Engine;
  readonly node: NodeInfo;
  readonly optimism?: OptimismProvider;
  /** Shared with whatever else streams slices; by default the server has its own. */
  readonly slices?: SliceFeed;
  /** Of a node that can sequence. */
  readonly sequencer?: SequencerAdmin;
  readonly forward?: ForwardTransaction;
  /** Of a node with MACH; `null` until it runs. */
  readonly mach?: () => MachProvider | null;
  /** Whether transactions are forwarded now; a standby that sequences itself keeps them. Default: always. */
  readonly forwards?: () => boolean;
  /** Brings a chain that rests to its schedule; resolves at once where nothing is due. */
  readonly current?: () => Promise<void>;
  readonly observe?: RequestObserver;
  readonly onInternalError?: (failure: { readonly method: string; readonly error: unknown }) => void;
}
