/** `0x`-prefixed lower-case hex. */
export type Hex = `0x${string}`;

/** The hash function of everything here; passed in, since this package chooses no implementation. */
export type Keccak256 = (data: Uint8Array) => Uint8Array;

export interface BlockId {
  readonly hash: Hex;
  readonly number: number;
}

/** An L1 block, by what derivation needs of it. The timestamp is in seconds. */
export interface L1BlockRef extends BlockId {
  readonly parentHash: Hex;
  readonly timestamp: number;
}

/** An L2 block with its place in its epoch: `sequenceNumber` counts from the epoch's first block. */
export interface L2BlockRef extends BlockId {
  readonly parentHash: Hex;
  readonly timestamp: number;
  readonly l1Origin: BlockId;
  readonly sequenceNumber: number;
}

/**
 * The part of the L1 SystemConfig contract that derivation follows (specs/protocol/system-config.md).
 * `overhead` and `scalar` are 32 bytes; from Ecotone on the scalar packs two scalars (see `decodeScalar`).
 * The unsafe block signer is no part of it: derivation ignores it (see `ConfigUpdate`).
 */
export interface SystemConfig {
  readonly batcherAddress: Hex;
  readonly overhead: Hex;
  readonly scalar: Hex;
  readonly gasLimit: number;
  /** 8 bytes: denominator and elasticity; zero means the chain's configured defaults. */
  readonly eip1559Params: Hex;
}

/** OP Stack payload attributes as the pipeline produces them; the engine's face has the same shape. */
export interface PayloadAttributes {
  readonly timestamp: number;
  readonly prevRandao: Hex;
  readonly suggestedFeeRecipient: Hex;
  readonly parentBeaconBlockRoot: Hex;
  readonly transactions: readonly Hex[];
  readonly noTxPool: boolean;
  readonly gasLimit: number;
  readonly eip1559Params?: Hex;
}

/** What is read of an execution payload: quantities are JSON-RPC hex, transactions EIP-2718 bytes. */
export interface PayloadView {
  readonly blockHash: Hex;
  readonly parentHash: Hex;
  readonly blockNumber: Hex;
  readonly timestamp: Hex;
  readonly gasLimit: Hex;
  readonly extraData: Hex;
  readonly transactions: readonly Hex[];
}

export interface L1Log {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  /** Index of the log in its block. */
  readonly logIndex: number;
}

export interface L1Receipt {
  /** Whether the transaction succeeded; logs of failed ones are ignored. */
  readonly success: boolean;
  readonly logs: readonly L1Log[];
}

/** An L1 transaction. Those that are not sent to the batch inbox may be left out unless they carry blobs. */
export interface L1Transaction {
  readonly type: number;
  readonly from: Hex;
  readonly to: Hex | null;
  readonly input: Hex;
  readonly blobVersionedHashes: readonly Hex[];
}

/** Fields of the L1 header that reach L2. */
export interface L1Header extends L1BlockRef {
  readonly prevRandao: Hex;
  readonly baseFeePerGas: bigint;
  /** From the excess blob gas and the L1's own blob schedule (see `blobBaseFee`); 1 where the L1 has no blobs. */
  readonly blobBaseFee: bigint;
  /** Absent where the L1 has not activated EIP-4788. */
  readonly parentBeaconBlockRoot?: Hex;
}

/** All of one L1 block that derivation reads, in the order of the block. */
export interface L1Block extends L1Header {
  readonly transactions: readonly L1Transaction[];
  readonly receipts: readonly L1Receipt[];
}
