import type { RollupConfig } from "../config/rollup-config.ts";
import type { CompressionAlgorithm } from "../derive/api.ts";
import { MAX_BLOB_DATA_SIZE } from "../encoding/blob.ts";
import { hexToBytes } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { isDepositTransaction } from "../l1/deposit-transaction.ts";
import { l2BlockRefFromPayload } from "../l1/l2-payload.ts";
import type { Hex, L2BlockRef, PayloadView } from "../types.ts";
import type { SingularBatch } from "./batch.ts";
import { encodeChannel, encodeChannelContent } from "./channel-codec.ts";
import type { Frame } from "./frame.ts";
import { FRAME_OVERHEAD, MAX_FRAME_DATA } from "./frame.ts";
import { makeSpanBatch } from "./span-batch.ts";

/** Size of a frame that fills a blob, which holds the version byte before it. */
export const MAX_BLOB_FRAME_SIZE = MAX_BLOB_DATA_SIZE - 1;
/** Beside its transactions: hashes, numbers and headers of a singular batch; a span batch needs a few bytes. */
const SINGULAR_BATCH_OVERHEAD = 100;
const SPAN_BLOCK_OVERHEAD = 4;
const SPAN_BATCH_OVERHEAD = 70;
const TRANSACTION_OVERHEAD = 5;
const MAX_FRAMES = 65_536;

export interface ChannelOptions {
  /** 16 random bytes: unique among the batcher's channels. */
  readonly channelId: Hex;
  readonly batchKind: "singular" | "span";
  readonly algorithm: CompressionAlgorithm;
  /** Bytes of a frame with its overhead: `MAX_BLOB_FRAME_SIZE` for blobs; a calldata transaction has one byte more. */
  readonly maxFrameSize: number;
  /** Frames to fill; more come out where the content compresses worse than expected. */
  readonly targetFrames: number;
  /** Expected compressed size over content size, best that of the last channel (`compressionRatio`). */
  readonly expectedRatio: number;
  /** The L1 head when the channel is opened. */
  readonly openedAtL1: number;
  /** L1 blocks after which the channel is closed though not full. Keep it below the protocol's channel timeout. */
  readonly maxL1Blocks: number;
  /** Limit of the content (`derivationParameters(...).maxRlpBytesPerChannel`). */
  readonly maxContentBytes: number;
}

export type CloseReason = "full" | "duration";

/**
 * Collects L2 blocks into one channel. It compresses nothing itself: `content` goes through the caller's compressor,
 * off the main thread if wished, and `seal` makes the frames.
 */
export class ChannelBuilder {
  readonly options: ChannelOptions;
  readonly #config: RollupConfig;
  readonly #batches: SingularBatch[] = [];
  readonly #blocks: L2BlockRef[] = [];
  #contentBytes = 0;
  #full = false;

  constructor(options: ChannelOptions, dependencies: { readonly config: RollupConfig }) {
    if (options.maxFrameSize <= FRAME_OVERHEAD || options.maxFrameSize - FRAME_OVERHEAD > MAX_FRAME_DATA) {
      throw new ProtocolError("PIPELINE_MISUSE", "frame size out of range", { maxFrameSize: options.maxFrameSize });
    }
    this.options = options;
    this.#config = dependencies.config;
  }

  /** The blocks taken so far, in order. */
  get blocks(): readonly L2BlockRef[] {
    return this.#blocks;
  }

  /** Upper estimate of the content's size, and what it may compress to. */
  get estimate(): { readonly contentBytes: number; readonly compressedBytes: number } {
    return { contentBytes: this.#contentBytes, compressedBytes: this.#compressed(this.#contentBytes) };
  }

  /**
   * Takes the next block. False if it does not fit any more: close this channel and put the block into the next one.
   * @throws ProtocolError `PIPELINE_MISUSE` if it does not follow the last block; `TOO_LARGE` if it fits no channel;
   * `MALFORMED_PAYLOAD` if it has no L1 attributes
   */
  add(payload: PayloadView): boolean {
    const block = l2BlockRefFromPayload(this.#config, payload);
    const last = this.#blocks.at(-1);
    if (last !== undefined && block.parentHash !== last.hash) {
      throw new ProtocolError("PIPELINE_MISUSE", "blocks of a channel must be consecutive", { number: block.number });
    }
    const transactions = payload.transactions.filter((raw) => !isDepositTransaction(raw)).map(hexToBytes);
    const size = this.#sizeOf(transactions);
    const grown = this.#contentBytes + size;
    if (grown > this.options.maxContentBytes || (last !== undefined && this.#compressed(grown) > this.#capacity)) {
      if (last === undefined) {
        throw new ProtocolError("TOO_LARGE", "the block exceeds a channel", { number: block.number, size });
      }
      this.#full = true;
      return false;
    }
    this.#contentBytes = grown;
    this.#full = this.#compressed(grown) >= this.#capacity;
    this.#blocks.push(block);
    this.#batches.push({
      kind: "singular",
      parentHash: block.parentHash,
      epochNumber: block.l1Origin.number,
      epochHash: block.l1Origin.hash,
      timestamp: block.timestamp,
      transactions,
    });
    return true;
  }

  /** Why the channel should be closed, if it should. */
  closeReason(l1Head: number): CloseReason | null {
    if (this.#full) return "full";
    if (this.#blocks.length > 0 && l1Head >= this.options.openedAtL1 + this.options.maxL1Blocks) return "duration";
    return null;
  }

  /** The content to compress. */
  content(): Uint8Array {
    const { l2ChainId, genesis, blockTime } = this.#config;
    const chain = { l2ChainId, genesisTime: genesis.l2Time, blockTime };
    if (this.options.batchKind === "singular") return encodeChannelContent(this.#batches, chain);
    const startsEpoch = this.#blocks[0]?.sequenceNumber === 0;
    return encodeChannelContent([makeSpanBatch(this.#batches, startsEpoch, chain)], chain);
  }

  /** Cuts the compressed content into frames. */
  seal(compressed: Uint8Array): Frame[] {
    const data = encodeChannel(this.options.algorithm, compressed);
    const size = this.options.maxFrameSize - FRAME_OVERHEAD;
    const count = Math.max(1, Math.ceil(data.length / size));
    if (count > MAX_FRAMES) throw new ProtocolError("TOO_LARGE", "the channel needs too many frames", { count });
    return Array.from({ length: count }, (_, frameNumber) => ({
      channelId: this.options.channelId,
      frameNumber,
      data: data.subarray(frameNumber * size, (frameNumber + 1) * size),
      isLast: frameNumber === count - 1,
    }));
  }

  get #capacity(): number {
    return this.options.targetFrames * (this.options.maxFrameSize - FRAME_OVERHEAD);
  }

  #compressed(contentBytes: number): number {
    return Math.ceil(contentBytes * this.options.expectedRatio) + 1;
  }

  #sizeOf(transactions: readonly Uint8Array[]): number {
    const singular = this.options.batchKind === "singular";
    let size = singular ? SINGULAR_BATCH_OVERHEAD : SPAN_BLOCK_OVERHEAD;
    if (!singular && this.#blocks.length === 0) size += SPAN_BATCH_OVERHEAD;
    for (const transaction of transactions) size += transaction.length + TRANSACTION_OVERHEAD;
    return size;
  }
}

/** What to expect of the next channel, from what the last one did. Bounded, so that one odd channel does no harm. */
export function compressionRatio(contentBytes: number, compressedBytes: number): number {
  return contentBytes === 0 ? 0.5 : Math.min(1, Math.max(0.05, compressedBytes / contentBytes));
}
