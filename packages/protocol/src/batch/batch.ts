import type { Hex } from "../types.ts";

export const SINGULAR_BATCH_TYPE = 0;
export const SPAN_BATCH_TYPE = 1;

/** The batch of one L2 block (specs/protocol/derivation.md, "Batch Format"). Transactions are EIP-2718 bytes. */
export interface SingularBatch {
  readonly kind: "singular";
  readonly parentHash: Hex;
  /** Number and hash of the L1 origin. */
  readonly epochNumber: number;
  readonly epochHash: Hex;
  readonly timestamp: number;
  readonly transactions: readonly Uint8Array[];
}

export interface SpanBatchBlock {
  readonly timestamp: number;
  readonly epochNumber: number;
  /** Whether the L1 origin is another than the parent's. Derivation does not look at the first block's. */
  readonly originChanged: boolean;
  readonly transactions: readonly Uint8Array[];
}

/**
 * The batch of consecutive L2 blocks (specs/protocol/delta/span-batches.md). At least one block. The blocks'
 * timestamps and epoch numbers follow from the first three fields: see `makeSpanBatch`.
 */
export interface SpanBatch {
  readonly kind: "span";
  /** Seconds from the L2 genesis to the first block. A bigint only where it exceeds the safe range. */
  readonly relativeTimestamp: number | bigint;
  readonly lastEpochNumber: number | bigint;
  /** First 20 bytes of the hash of the first block's parent. */
  readonly parentCheck: Hex;
  /** First 20 bytes of the hash of the last block's L1 origin. */
  readonly l1OriginCheck: Hex;
  readonly blocks: readonly SpanBatchBlock[];
}

export type Batch = SingularBatch | SpanBatch;

/** What encoding and decoding span batches take from the chain's configuration. */
export interface SpanBatchChain {
  readonly l2ChainId: number;
  readonly genesisTime: number;
  readonly blockTime: number;
}
