/** What the bench asks a process of nodes. */
export type Request = "status" | "recorded";

/** Of `status`, and unasked once all nodes have started: one for each node. */
export type Answer = readonly NodeStatus[] | Recorded;

export interface NodeStatus {
  readonly rpc: string | null;
  /** Stream that followers execute. */
  readonly slices: string | null;
  /** Multiaddresses. */
  readonly gossip: readonly string[];
  readonly mach: readonly string[];
  /** Unsafe; the timestamp in seconds. */
  readonly head: { readonly number: number; readonly timestamp: number };
  readonly certified: number | null;
  /** Why an operator signs nothing; null: it signs, or there is no MACH. */
  readonly silence: string | null;
}

/** Times are in milliseconds since 1970. */
export interface Recorded {
  readonly sealed: readonly Sealed[];
  readonly certificates: readonly Certified[];
}

export interface Sealed {
  readonly number: number;
  readonly hash: string;
  readonly atMs: number;
}

export interface Certified {
  readonly height: number;
  readonly parentHash: string;
  /** Null: of a slice. */
  readonly blockHash: string | null;
  /** Of the block's transactions from its first on, deposits included. */
  readonly transactionCount: number;
  readonly atMs: number;
}
