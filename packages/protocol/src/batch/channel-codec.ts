import type { CompressionAlgorithm, Decompress } from "../derive/api.ts";
import { ByteWriter, concatBytes } from "../encoding/bytes.ts";
import { RlpReader, stringSize, writeString } from "../encoding/rlp.ts";
import { ProtocolError } from "../errors.ts";
import type { Batch, SpanBatchChain } from "./batch.ts";
import { SINGULAR_BATCH_TYPE, SPAN_BATCH_TYPE } from "./batch.ts";
import { readSingularBatch, writeSingularBatch } from "./singular-batch.ts";
import { readSpanBatch, writeSpanBatch } from "./span-batch.ts";

/** First byte of a channel that is compressed by Brotli (specs/protocol/fjord/derivation.md, "Brotli Channel Compression"). */
export const CHANNEL_VERSION_BROTLI = 1;

/** type ++ body: what a channel holds as one RLP string. */
export function encodeBatch(batch: Batch, chain: SpanBatchChain): Uint8Array {
  const writer = new ByteWriter(4096);
  if (batch.kind === "singular") {
    writer.u8(SINGULAR_BATCH_TYPE);
    writeSingularBatch(writer, batch);
  } else {
    writer.u8(SPAN_BATCH_TYPE);
    writeSpanBatch(writer, batch, chain);
  }
  return writer.finish();
}

/** @throws ProtocolError `MALFORMED_BATCH` or `MALFORMED_RLP` */
export function decodeBatch(data: Uint8Array, chain: SpanBatchChain): Batch {
  const type = data[0];
  if (type === SINGULAR_BATCH_TYPE) return readSingularBatch(data.subarray(1));
  if (type === SPAN_BATCH_TYPE) return readSpanBatch(data.subarray(1), chain);
  throw new ProtocolError("MALFORMED_BATCH", "unknown batch type", { type: type ?? null });
}

/** The uncompressed content of a channel: its batches as RLP strings, one after the other. */
export function encodeChannelContent(batches: readonly Batch[], chain: SpanBatchChain): Uint8Array {
  const encoded = batches.map((batch) => encodeBatch(batch, chain));
  const writer = new ByteWriter(encoded.reduce((size, batch) => size + stringSize(batch), 0));
  for (const batch of encoded) writeString(writer, batch);
  return writer.finish();
}

/** Reads batches out of a channel's content, one at a time. */
export class BatchReader {
  readonly #items: RlpReader;
  readonly #chain: SpanBatchChain;

  constructor(content: Uint8Array, chain: SpanBatchChain) {
    this.#items = new RlpReader(content);
    this.#chain = chain;
  }

  /** The next batch, or null at the end. @throws ProtocolError if it is malformed; what follows is not to be read then */
  next(): Batch | null {
    return this.#items.done ? null : decodeBatch(this.#items.string(), this.#chain);
  }
}

/** A channel's data as its frames carry it. `compressed` is what the compressor made of the content. */
export function encodeChannel(algorithm: CompressionAlgorithm, compressed: Uint8Array): Uint8Array {
  return algorithm === "brotli" ? concatBytes(Uint8Array.of(CHANNEL_VERSION_BROTLI), compressed) : compressed;
}

/** How a channel is compressed, by its first byte. @throws ProtocolError `MALFORMED_CHANNEL` */
export function channelCompression(data: Uint8Array): CompressionAlgorithm {
  const first = data[0];
  if (first === undefined) throw new ProtocolError("MALFORMED_CHANNEL", "channel is empty");
  // The compression method of a zlib header, in its low bits, is 8 (or the reserved 15).
  if ((first & 0x0f) === 8 || (first & 0x0f) === 15) return "zlib";
  if (first === CHANNEL_VERSION_BROTLI) return "brotli";
  throw new ProtocolError("MALFORMED_CHANNEL", "unknown channel version", { first });
}

/**
 * Decompresses a channel, clipped at `maxBytes`.
 * @throws ProtocolError `MALFORMED_CHANNEL` for an unknown version, or Brotli where it is not active yet
 */
export function decodeChannel(
  data: Uint8Array,
  options: { readonly maxBytes: number; readonly brotli: boolean },
  decompress: Decompress,
): Uint8Array {
  const algorithm = channelCompression(data);
  if (algorithm === "zlib") return decompress("zlib", data, options.maxBytes);
  if (!options.brotli) throw new ProtocolError("MALFORMED_CHANNEL", "Brotli channel before Fjord");
  return decompress("brotli", data.subarray(1), options.maxBytes);
}
