import { compressSync, uncompressSync } from "snappy";
import { crc32c } from "./crc32c.ts";
import { GossipError } from "./errors.ts";

/** Bound on a gossip message, compressed and decompressed (specs/protocol/rollup-node-p2p.md, "Gossip Topics"). */
export const maxGossipBytes = 10 * 1024 * 1024;

// Snappy framing format, section 4.1: the stream identifier chunk.
const streamIdentifier = Uint8Array.of(0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59);
const chunkCompressed = 0x00;
const chunkUncompressed = 0x01;
// Section 4.2: no chunk holds more than 64 KiB of uncompressed data.
const maxChunkBytes = 65536;

/** Length that a raw snappy block claims to decompress to, read before anything is allocated. */
function claimedLength(data: Uint8Array): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = data[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return length;
  }
  throw new GossipError("compression-invalid", "snappy block has no valid length prefix");
}

/** Compresses to a raw snappy block (no framing). */
export function compressBlock(data: Uint8Array): Uint8Array {
  return compressSync(data);
}

/** Decompresses a raw snappy block; a claim above `maxBytes` is refused before any allocation. */
export function decompressBlock(data: Uint8Array, maxBytes = maxGossipBytes): Uint8Array {
  const length = claimedLength(data);
  if (length > maxBytes) {
    throw new GossipError("message-too-large", `snappy block claims ${length} bytes, the limit is ${maxBytes}`);
  }
  try {
    return uncompressSync(data, { asBuffer: true }) as Uint8Array;
  } catch (cause) {
    throw new GossipError("compression-invalid", "snappy block does not decompress", { cause });
  }
}

// Section 3: checksums are masked, so that a checksum of data with embedded checksums stays sound.
function maskedChecksum(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Compresses to the snappy framing format, as `payload_by_number` responses carry it. */
export function compressFramed(data: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [streamIdentifier];
  for (let start = 0; start < data.length; start += maxChunkBytes) {
    const content = data.subarray(start, start + maxChunkBytes);
    const compressed = compressSync(content);
    const body = compressed.length < content.length ? compressed : content;
    const header = new Uint8Array(8);
    const view = new DataView(header.buffer);
    // One byte of type and three of length share the first word, little-endian.
    const type = body === content ? chunkUncompressed : chunkCompressed;
    view.setUint32(0, type | ((body.length + 4) << 8), true);
    view.setUint32(4, maskedChecksum(content), true);
    chunks.push(header, body);
  }
  return Buffer.concat(chunks);
}

/** Decompresses the snappy framing format; output above `maxBytes` is refused. */
export function decompressFramed(data: Uint8Array, maxBytes = maxGossipBytes): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const parts: Uint8Array[] = [];
  let total = 0;
  let offset = 0;
  let identified = false;
  while (offset < data.length) {
    if (offset + 4 > data.length) throw new GossipError("compression-invalid", "snappy frame header is cut short");
    const word = view.getUint32(offset, true);
    const type = word & 0xff;
    const length = word >>> 8;
    const body = data.subarray(offset + 4, offset + 4 + length);
    if (body.length !== length) throw new GossipError("compression-invalid", "snappy frame is cut short");
    offset += 4 + length;
    if (type === 0xff) {
      if (Buffer.compare(body, streamIdentifier.subarray(4)) !== 0) {
        throw new GossipError("compression-invalid", "snappy stream identifier is wrong");
      }
      identified = true;
      continue;
    }
    if (!identified) throw new GossipError("compression-invalid", "snappy stream does not begin with its identifier");
    if (type >= 0x80) continue; // Section 4.4 and 4.6: padding and skippable chunks.
    if ((type !== chunkCompressed && type !== chunkUncompressed) || length < 4) {
      throw new GossipError("compression-invalid", `snappy chunk of type ${type} and length ${length} is not allowed`);
    }
    const encoded = body.subarray(4);
    const content = type === chunkCompressed ? decompressBlock(encoded, maxChunkBytes) : encoded;
    if (content.length > maxChunkBytes) throw new GossipError("compression-invalid", "snappy chunk exceeds 64 KiB");
    const checksum = new DataView(body.buffer, body.byteOffset, 4).getUint32(0, true);
    if (checksum !== maskedChecksum(content)) throw new GossipError("compression-invalid", "snappy checksum differs");
    total += content.length;
    if (total > maxBytes) throw new GossipError("message-too-large", `snappy stream exceeds ${maxBytes} bytes`);
    parts.push(content);
  }
  return Buffer.concat(parts);
}
