import { ProtocolError } from "../errors.ts";

/** The OP Stack's blob encoding, version 0 (specs/protocol/ecotone/derivation.md, "Blob Encoding"). */
export const BLOB_SIZE = 131_072;
const ROUNDS = 1024;
/** Bytes of data that one blob carries. */
export const MAX_BLOB_DATA_SIZE = (4 * 31 + 3) * ROUNDS - 4;
const HEADER = 4;

/**
 * Each round puts 127 bytes into four field elements: four runs of 31 bytes, and between them three bytes whose bits
 * fill the four top bytes by six. The stream of rounds starts with the version (0) and the length (3 bytes).
 * @throws ProtocolError `TOO_LARGE`
 */
export function encodeBlob(data: Uint8Array): Uint8Array {
  if (data.length > MAX_BLOB_DATA_SIZE) {
    throw new ProtocolError("TOO_LARGE", "data exceeds a blob", { length: data.length, limit: MAX_BLOB_DATA_SIZE });
  }
  const stream = new Uint8Array(ROUNDS * 127);
  stream[1] = data.length >> 16;
  stream[2] = data.length >> 8;
  stream[3] = data.length;
  stream.set(data, HEADER);
  const blob = new Uint8Array(BLOB_SIZE);
  const used = Math.ceil((HEADER + data.length) / 127);
  for (let round = 0; round < used; round++) {
    const from = round * 127;
    const to = round * 128;
    const x = stream[from + 31] as number;
    const y = stream[from + 63] as number;
    const z = stream[from + 95] as number;
    blob[to] = x & 0x3f;
    blob[to + 32] = (y & 0x0f) | ((x & 0xc0) >> 2);
    blob[to + 64] = z & 0x3f;
    blob[to + 96] = ((z & 0xc0) >> 2) | ((y & 0xf0) >> 4);
    for (let i = 0; i < 4; i++) blob.set(stream.subarray(from + 32 * i, from + 32 * i + 31), to + 32 * i + 1);
  }
  return blob;
}

/** @throws ProtocolError `MALFORMED_BLOB` */
export function decodeBlob(blob: Uint8Array): Uint8Array {
  if (blob.length !== BLOB_SIZE) throw malformed("is not 131072 bytes", { length: blob.length });
  if (blob[1] !== 0) throw malformed("has an unknown version", { version: blob[1] as number });
  const length = ((blob[2] as number) << 16) | ((blob[3] as number) << 8) | (blob[4] as number);
  if (length > MAX_BLOB_DATA_SIZE) throw malformed("claims more data than a blob holds", { length });
  const used = Math.max(1, Math.ceil((HEADER + length) / 127));
  const stream = new Uint8Array(used * 127);
  for (let round = 0; round < used; round++) {
    const from = round * 128;
    const to = round * 127;
    // The very first byte's top bits go unchecked, in every implementation: part of the consensus by now.
    const a = round === 0 ? (blob[0] as number) & 0x3f : (blob[from] as number);
    const b = blob[from + 32] as number;
    const c = blob[from + 64] as number;
    const d = blob[from + 96] as number;
    if ((a | b | c | d) & 0xc0) throw malformed("has a field element with its top bits set", { round });
    for (let i = 0; i < 4; i++) stream.set(blob.subarray(from + 32 * i + 1, from + 32 * i + 32), to + 32 * i);
    stream[to + 31] = a | ((b & 0x30) << 2);
    stream[to + 63] = (b & 0x0f) | ((d & 0x0f) << 4);
    stream[to + 95] = c | ((d & 0x30) << 2);
  }
  for (let i = HEADER + length; i < stream.length; i++)
    if (stream[i] !== 0) throw malformed("has data after its length", { length });
  for (let i = used * 128; i < blob.length; i++)
    if (blob[i] !== 0) throw malformed("has data after its last round", { length });
  return stream.subarray(HEADER, HEADER + length);
}

function malformed(problem: string, details: Record<string, number>): ProtocolError {
  return new ProtocolError("MALFORMED_BLOB", `blob ${problem}`, details);
}
