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
  /** Absent from a brief answer; `includedCount` is always there. */
  readonly included: readonly IncludedTransaction[];
  readonly includedCount: number;
  readonly rejected: readonly RejectedTransaction[];
  /** Totals of the candidate so far. */
  readonly gasUsed: number;
  readonly transactionBytes: number;
  readonly transactionCount: number;
}

export type ExtendSource =
  | {
      readonly kind: "pool";
      /** Gas limits of what is taken; one transaction is taken whatever its own. */
      readonly maxGas?: number;
      readonly maxBytes?: number;
      readonly maxMs?: number;
      /** Leaves the list of what was included out of the answer. */
      readonly brief?: boolean;
    }
  | { readonly kind: "transactions"; readonly transactions: readonly Hex[] };

/**
 * What is done with the slices of a candidate (docs/spec/slices.md): made by none, journalled and then published
 * (a sequencer), or published as they are (a follower, which repeats what the sequencer promises).
 */
export type SliceMode = "none" | "journalled" | "volatile";

/** A published part of the block in the making. On a sequencer it is durable. */
export interface PublishedSlice {
  readonly number: number;
  readonly parentHash: Hex;
  readonly index: number;
  readonly id: Hex;
  readonly previousId: Hex;
  readonly transactionCount: number;
  /** Of the block, up to and with this slice. */
  readonly transactionCountTotal: number;
  /** Range root over those (docs/spec/mach.md, sections 2 and 3). */
  readonly transactionRoot: Hex;
  /** Only while slices are watched. */
  readonly detail?: {
    /** FlashblocksPayloadV1 as JSON text: it is sent on as it is. */
    readonly flashblock: string;
    /** Of the block's first slice. */
    readonly attributes?: PayloadAttributes;
    readonly hashes: readonly Hex[];
    /** As eth_getLogs shows them; the block hash is zero. */
    readonly logs: readonly Readonly<Record<string, unknown>>[];
  };
}

/** Published slices that will not become a block. Their transactions are pooled again, in their order. */
export interface UndoneSlices {
  readonly number: number;
  readonly parentHash: Hex;
  readonly slices: number;
  /** Transactions that could not be pooled again, and why. */
  readonly lost: readonly { readonly hash: Hex; readonly reason: string }[];
  /** Only while slices are watched: the published logs with `removed: true`. */
  readonly logs: readonly Readonly<Record<string, unknown>>[];
}

/** A half-built block that a crash left, built again as it was published. */
export type ResumedCandidate = {
  readonly candidate: CandidateId;
  readonly parentHash: Hex;
  readonly attributes: PayloadAttributes;
} & ExtendResult;

/** A submission that waits for its receipt. */
export interface PendingReceipt {
  /** The receipt as JSON text once a slice or a block holds the transaction; or the reason why it is refused. */
  readonly receipt: Promise<RawJson>;
  /** Stops waiting; the promise stays open. */
  cancel(): void;
}

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

/** A file that the engine reads by itself; one that it knows and nobody has touched since is not read again. */
export interface GenesisFile {
  readonly file: string;
}

export interface EngineOptions {
  readonly dataDir: string;
  /** go-ethereum's genesis.json (with the OP fields in `config`): its text, or where it lies. */
  readonly genesisJson: string | GenesisFile;
  /** Blocks of history that state queries reach; `"archive"` keeps all. */
  readonly history: number | "archive";
  readonly pool: Partial<PoolOptions>;
  readonly limits: Partial<QueryLimits>;
}

/** What a snapshot is of. */
export interface SnapshotInfo {
  readonly genesis: Hex;
  readonly block: BlockRef;
  readonly stateRoot: Hex;
  /** Storage root of the L2ToL1MessagePasser, for the block's output root. */
  readonly messagePasserRoot: Hex;
  /** The oldest block in it. */
  readonly firstBlock: number;
  readonly accounts: number;
  readonly bytes: number;
}

export interface InstallSnapshotOptions {
  readonly file: string;
  /** As the engine will be opened with; must not hold a chain yet. */
  readonly dataDir: string;
  readonly genesisJson: string;
}

/** All transactions of a sealed block as MACH commits to them: a Merkle mountain range over hashes and receipts. */
export interface TransactionRange {
  readonly count: number;
  readonly root: Hex;
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
  /** Transactions joined the pool. The hashes are named while the pool is watched. */
  | { readonly kind: "pooled"; readonly hashes: readonly Hex[] }
  | ({ readonly kind: "slice" } & PublishedSlice)
  | ({ readonly kind: "undone" } & UndoneSlices)
  | { readonly kind: "fatal"; readonly message: string };

/** A JSON-RPC result as JSON text, spliced into the response without parsing. */
export type RawJson = string;

/** Blocks built in slices. */
export interface SliceEngine {
  /**
   * Opens a candidate whose slices are published: on a known block, or on a candidate whose seal was asked for and whose root
   * is being computed. Slices go out once the parent is the unsafe head; what asks for the hash of an unsealed parent waits.
   */
  open(
    parent: Hex | { readonly candidate: CandidateId },
    attributes: PayloadAttributes,
    mode: SliceMode,
  ): Promise<{ readonly candidate: CandidateId } & ExtendResult>;
  /** The half-built block that the journal holds, if it stands on the unsafe head. Ask before opening another one there. */
  resume(): Promise<ResumedCandidate | null>;
  /** Whether slice events carry their contents. */
  watch(watched: boolean): Promise<void>;
  /** Submits one transaction and waits for its receipt (EIP-7966). A transaction that is already in has its receipt at once. */
  submitSync(raw: Uint8Array): PendingReceipt;
}

/**
 * The engine of one rollup: execution, state, journal, pool and queries behind coarse asynchronous calls.
 * Errors are `EngineError` (see errors.ts): code, message, data.
 */
export interface Engine {
  readonly genesis: BlockRef;
  /** `config` of genesis.json, by an engine that has read it. */
  readonly chainConfig?: Readonly<Record<string, unknown>>;
  heads(): Heads;
  onEvent(listener: (event: EngineEvent) => void): () => void;

  /** Whether pool events name hashes, from the call on. */
  watchPool(watched: boolean): Promise<void>;

  /** Slices and what needs them; `null` for an engine that makes none (a stock execution client). */
  readonly slices: SliceEngine | null;

  /**
   * Opens a candidate on any known block and executes the attributes' transactions; an invalid forced one is an error. `brief`
   * leaves their list out of the answer.
   */
  open(
    parentHash: Hex,
    attributes: PayloadAttributes,
    options?: { readonly brief?: boolean },
  ): Promise<{ readonly candidate: CandidateId } & ExtendResult>;
  extend(candidate: CandidateId, source: ExtendSource): Promise<ExtendResult>;
  /**
   * Computes root and header, journals the block (durable on return). It becomes canonical by `setHeads`. `brief` leaves the
   * transactions after the first out of the answer.
   */
  seal(candidate: CandidateId, options?: { readonly brief?: boolean }): Promise<ExecutionPayload>;
  drop(candidate: CandidateId): Promise<void>;

  /** engine_newPayload: executes and journals without making it canonical. */
  newPayload(payload: ExecutionPayload): Promise<PayloadStatus>;
  /** engine_forkchoiceUpdated without attributes. Unknown head: `null` (SYNCING). Absent heads stay. */
  setHeads(heads: { readonly unsafe: Hex; readonly safe?: Hex; readonly finalized?: Hex }): Promise<HeadChange | null>;

  /** Hot path: decode, recover, check, pool. Answers in the order of the input. */
  submit(raw: readonly Uint8Array[]): Promise<readonly SubmitResult[]>;

  /** A read-only JSON-RPC method (`eth_`, `debug_`, `txpool_`) executed natively; `params` is the JSON text of the array. */
  query(method: string, params: string): Promise<RawJson>;

  /** `brief`: of the transactions, only the deposits at the block's head. */
  payloadByHash(hash: Hex, options?: { readonly brief?: boolean }): Promise<ExecutionPayload | null>;
  payloadByNumber(number: number, options?: { readonly brief?: boolean }): Promise<ExecutionPayload | null>;
  /** Storage root of the L2ToL1MessagePasser after that block, kept for every block. */
  messagePasserRoot(hash: Hex): Promise<Hex>;
  /** How many transactions a known block has, and their range root (docs/spec/mach.md, section 2); `null` if it is not known. */
  transactionRange(hash: Hex): Promise<TransactionRange | null>;
  /** The leaves of that range, in the block's order: `transactionLeaf` of @altlayer/protocol. */
  transactionLeaves(hash: Hex): Promise<readonly Hex[] | null>;
  /** Sizes and ages in one answer; null for an engine that does not tell (another execution client). */
  stats(): Promise<EngineStats | null>;
  /**
   * Writes the state after a canonical block, with the blocks from `first` on, to a file from which another engine can
   * begin (`installSnapshot`). The block must be one that no reorg drops, and within the kept history.
   */
  writeSnapshot(snapshot: {
    readonly path: string;
    readonly number: number;
    readonly first: number;
  }): Promise<SnapshotInfo>;

  close(): Promise<void>;
}
