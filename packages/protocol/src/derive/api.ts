import type { Hex, L1Block, L1BlockRef, L2BlockRef, PayloadAttributes, PayloadView, SystemConfig } from "../types.ts";

export type CompressionAlgorithm = "zlib" | "brotli";

/**
 * Decompresses a channel. Returns at most `limit` bytes: longer output is cut there, which is no error (the protocol
 * clips channels). Of corrupt or cut-off input it returns what comes out before the fault. Never throws.
 */
export type Decompress = (algorithm: CompressionAlgorithm, data: Uint8Array, limit: number) => Uint8Array;

/** Attributes of the next safe block, and where they come from. */
export interface DerivedAttributes {
  readonly attributes: PayloadAttributes;
  readonly parent: L2BlockRef;
  /** Origin of the block to be, and its place in the epoch. */
  readonly l1Origin: { readonly hash: Hex; readonly number: number };
  readonly sequenceNumber: number;
  /** The L1 block up to whose data the attributes are derived; the block is final once that is. */
  readonly derivedFrom: L1BlockRef;
  readonly isLastInSpan: boolean;
  /**
   * The block may become safe as soon as it is processed. Before Holocene false within a span batch: a later invalid
   * block takes the whole span back, so the driver must remember the safe head before the span (see `rejectAttributes`).
   */
  readonly concluding: boolean;
  /** The batch was replaced or missing: deposits only. An invalid payload then is a critical error. */
  readonly depositsOnly: boolean;
  /** No batch for the block was on the L1 within the sequencing window: nobody committed to what it builds on. */
  readonly batchMissing: boolean;
}

/** A blob that a batcher transaction refers to: `index` counts over the blobs of the whole L1 block. */
export interface BlobReference {
  readonly index: number;
  readonly versionedHash: Hex;
}

/** What the pipeline needs or gives next. It is repeated by every `step` until the need is met or the block is made. */
export type PipelineStep =
  | { readonly kind: "attributes"; readonly derived: DerivedAttributes }
  /** The L1 block of that number; `parentHash` is null for the first after a reset, whose hash is `hash`. */
  | {
      readonly kind: "needL1Block";
      readonly number: number;
      readonly hash: Hex | null;
      readonly parentHash: Hex | null;
    }
  | { readonly kind: "needBlobs"; readonly block: L1BlockRef; readonly blobs: readonly BlobReference[] }
  /** The canonical L2 block of that number, at or below the safe head. */
  | { readonly kind: "needL2Block"; readonly number: number };

export interface PipelineStart {
  /** The L1 block whose data is read first (see `isPipelineStart`). */
  readonly origin: L1BlockRef;
  /** The system config as of the L2 block whose L1 origin that is: whose batches are read there. */
  readonly systemConfig: SystemConfig;
  /**
   * Number of the L1 block that the safe head was derived from (`DerivedAttributes.derivedFrom`), if the driver keeps it.
   * From Holocene on, batches before it were judged by earlier safe heads: some that were dropped then, as too early,
   * would fit now. Without it a batcher that posts out of order could make a restarted node derive another chain.
   */
  readonly safeHeadDerivedFrom?: number;
}

/** The derivation pipeline's face (specs/protocol/derivation.md). No promises: needs are answered by `provide…`. */
export interface Derivation {
  /** The L1 block that is being read. Everything derived so far stems from L1 blocks up to it. */
  readonly origin: L1BlockRef;

  /** Forgets everything and starts over at an L1 block. */
  reset(start: PipelineStart): void;

  /**
   * Derives on until there are attributes for the block after `parent`, or something is needed. `parent` is the safe
   * head, or within a span batch before Holocene the pending safe head. Attributes are given again for the same parent,
   * until a later one shows that their block was made, or they are rejected.
   * @throws ProtocolError of severity `reset` (find the start again) or `critical`
   */
  step(parent: L2BlockRef): PipelineStep;

  /** @throws ProtocolError `L1_REORG` (severity reset) if the block does not continue the one before. */
  provideL1Block(block: L1Block): void;
  /** The blobs that `needBlobs` asked for, in its order, verified against their hashes. */
  provideBlobs(blobs: readonly Uint8Array[]): void;
  provideL2Block(payload: PayloadView): void;

  /**
   * Tells that the engine found the payload of these attributes invalid. From Holocene on, drops the rest of their
   * channel and returns what replaces them: the deposits alone. Before, returns null: the batch is dropped, step on
   * from the safe head.
   * @throws ProtocolError `DEPOSITS_REJECTED` (critical) if they were deposits only
   */
  rejectAttributes(derived: DerivedAttributes): DerivedAttributes | null;
}
