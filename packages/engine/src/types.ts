/** `0x`-prefixed lower-case hex. */
export type Hex = `0x${string}`;

/** A block, by what every consumer of a head needs. Timestamps are in seconds. */
export interface BlockRef {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly timestamp: number;
}

/** The three heads of the OP Stack's sync status. `safe` and `finalized` never lead `unsafe`. */
export interface Heads {
  readonly unsafe: BlockRef;
  readonly safe: BlockRef;
  readonly finalized: BlockRef;
}

/** OP Stack payload attributes (specs/protocol/exec-engine.md, extended PayloadAttributesV3). */
export interface PayloadAttributes {
  readonly timestamp: number;
  readonly prevRandao: Hex;
  readonly suggestedFeeRecipient: Hex;
  readonly parentBeaconBlockRoot: Hex;
  /** EIP-2718 bytes, in order: the deposits, then (when derived) the batch's transactions. */
  readonly transactions: readonly Hex[];
  readonly noTxPool: boolean;
  readonly gasLimit: number;
  /** Holocene: denominator (4 bytes) and elasticity (4 bytes); zero means the configured defaults. Absent before. */
  readonly eip1559Params?: Hex;
}

/** ExecutionPayloadV3 with its `parentBeaconBlockRoot`, as gossip and the Engine API carry it. Quantities are JSON-RPC hex. */
export interface ExecutionPayload {
  readonly parentBeaconBlockRoot: Hex;
  readonly parentHash: Hex;
  readonly feeRecipient: Hex;
  readonly stateRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly logsBloom: Hex;
  readonly prevRandao: Hex;
  readonly blockNumber: Hex;
  readonly gasLimit: Hex;
  readonly gasUsed: Hex;
  readonly timestamp: Hex;
  readonly extraData: Hex;
  readonly baseFeePerGas: Hex;
  readonly blockHash: Hex;
  readonly transactions: readonly Hex[];
  readonly withdrawals: readonly never[];
  readonly blobGasUsed: Hex;
  readonly excessBlobGas: Hex;
}

export type PayloadStatus =
  | { readonly status: "VALID"; readonly latestValidHash: Hex }
  | { readonly status: "INVALID"; readonly latestValidHash: Hex | null; readonly validationError: string }
  | { readonly status: "SYNCING" };

/** What a change of heads did to the canonical chain; lists run from the lowest block up. */
export interface HeadChange {
  readonly heads: Heads;
  readonly dropped: readonly BlockRef[];
  readonly added: readonly BlockRef[];
}

/** Handle of an open candidate block; valid until sealed or dropped. */
export type CandidateId = number;

export interface IncludedTransaction {
  readonly hash: Hex;
  readonly gasUsed: number;
  readonly success: boolean;
}

export interface RejectedTransaction {
  readonly hash: Hex;
  readonly code: string;
  readonly message: string;
}

export interface ExtendResult {
  readonly included: readonly IncludedTransaction[];
  readonly rejected: readonly RejectedTransaction[];
  /** Totals of the candidate so far. */
  readonly gasUsed: number;
  readonly transactionBytes: number;
  readonly transactionCount: number;
}

export type ExtendSource =
  | { readonly kind: "pool"; readonly maxGas?: number; readonly maxBytes?: number; readonly maxMs?: number }
  | { readonly kind: "transactions"; readonly transactions: readonly Hex[] };

/** Result of one submitted transaction: its hash, or a go-ethereum-compatible JSON-RPC error. */
export type SubmitResult =
  | { readonly hash: Hex }
  | { readonly error: { readonly code: number; readonly message: string } };

export interface PoolOptions {
  readonly maxTransactions: number;
  readonly maxPerSender: number;
  readonly maxBytes: number;
  /** Lowest effective tip in wei, as a decimal string across the border. */
  readonly minTipWei: bigint;
  readonly journal: boolean;
}

export interface QueryLimits {
  readonly callGas: number;
  readonly callTimeoutMs: number;
  readonly logsMaxBlocks: number;
  readonly logsMaxResults: number;
}

export interface EngineOptions {
  readonly dataDir: string;
  /** go-ethereum's genesis.json (with the OP fields in `config`), as text. */
  readonly genesisJson: string;
  /** Blocks of history that state queries reach; `"archive"` keeps all. */
  readonly history: number | "archive";
  readonly pool: Partial<PoolOptions>;
  readonly limits: Partial<QueryLimits>;
}

/** The engine in numbers, for monitoring. Ages say what a restart would replay. */
export interface EngineStats {
  readonly journalBytes: number;
  readonly checkpointBlock: number;
  readonly checkpointAgeBlocks: number;
  readonly checkpointAgeBytes: number;
  readonly oldestStateBlock: number;
  readonly accounts: number;
  readonly blocksInMemory: number;
  readonly unindexedBlocks: number;
  readonly poolExecutable: number;
  readonly poolWaiting: number;
  readonly poolBytes: number;
}

export type EngineEvent =
  | { readonly kind: "heads"; readonly change: HeadChange }
  | { readonly kind: "pooled"; readonly hashes: readonly Hex[] }
  | { readonly kind: "fatal"; readonly message: string };

/** A JSON-RPC result as JSON text, spliced into the response without parsing. */
export type RawJson = string;

/**
 * The engine of one rollup: execution, state, journal, pool and queries behind coarse asynchronous calls.
 * Errors are `EngineError` (see errors.ts): code, message, data.
 */
export interface Engine {
  readonly genesis: BlockRef;
  heads(): Heads;
  onEvent(listener: (event: EngineEvent) => void): () => void;

  /** Opens a candidate on any known block and executes the attributes' transactions; an invalid forced one is an error. */
  open(parentHash: Hex, attributes: PayloadAttributes): Promise<{ readonly candidate: CandidateId } & ExtendResult>;
  extend(candidate: CandidateId, source: ExtendSource): Promise<ExtendResult>;
  /** Computes root and header, journals the block (durable on return). It becomes canonical by `setHeads`. */
  seal(candidate: CandidateId): Promise<ExecutionPayload>;
  drop(candidate: CandidateId): Promise<void>;

  /** engine_newPayload: executes and journals without making it canonical. */
  newPayload(payload: ExecutionPayload): Promise<PayloadStatus>;
  /** engine_forkchoiceUpdated without attributes. Unknown head: `null` (SYNCING). Absent heads stay. */
  setHeads(heads: { readonly unsafe: Hex; readonly safe?: Hex; readonly finalized?: Hex }): Promise<HeadChange | null>;

  /** Hot path: decode, recover, check, pool. Answers in the order of the input. */
  submit(raw: readonly Uint8Array[]): Promise<readonly SubmitResult[]>;

  /** A read-only JSON-RPC method (`eth_`, `debug_`, `txpool_`) executed natively; `params` is the JSON text of the array. */
  query(method: string, params: string): Promise<RawJson>;

  payloadByHash(hash: Hex): Promise<ExecutionPayload | null>;
  payloadByNumber(number: number): Promise<ExecutionPayload | null>;
  /** Storage root of the L2ToL1MessagePasser after that block, kept for every block. */
  messagePasserRoot(hash: Hex): Promise<Hex>;
  /** Sizes and ages in one answer; null for an engine that does not tell (another execution client). */
  stats(): Promise<EngineStats | null>;

  close(): Promise<void>;
}
