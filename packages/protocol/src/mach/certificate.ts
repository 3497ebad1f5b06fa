import { ByteReader, ByteWriter, bytesToHex, hexToBytes } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex } from "../types.ts";
import { decodeMessage, encodeMessage, MESSAGE_BYTES, type Message } from "./message.ts";

/** docs/spec/mach.md, section 7. The table it is checked against is that of `message.base.epoch`. */
export interface Certificate {
  readonly message: Message;
  readonly tableCommitment: Hex;
  /** G1, 64 bytes. */
  readonly signature: Hex;
  /** G2, 128 bytes in the precompile's order. */
  readonly aggregateKey: Hex;
  /** Indices of the signers, strictly ascending. */
  readonly signers: readonly number[];
  readonly depth: number;
}

const VERSION = 1;
const MAX_DEPTH = 16;

export function encodeCertificate(certificate: Certificate): Uint8Array {
  const bitmap = signerBitmap(certificate.signers, certificate.depth);
  const writer = new ByteWriter(1 + MESSAGE_BYTES + 32 + 64 + 128 + 2 + bitmap.length);
  writer.u8(VERSION);
  writer.bytes(encodeMessage(certificate.message));
  fixed(writer, certificate.tableCommitment, 32);
  fixed(writer, certificate.signature, 64);
  fixed(writer, certificate.aggregateKey, 128);
  writer.u16(bitmap.length);
  writer.bytes(bitmap);
  return writer.finish();
}

/** Strict: the bitmap has the length of `depth`, and nothing follows. Points are not checked here. @throws ProtocolError */
export function decodeCertificate(bytes: Uint8Array, depth: number): Certificate {
  const reader = new ByteReader(bytes, "MALFORMED_CERTIFICATE");
  if (reader.u8() !== VERSION) throw malformed("unknown version", {});
  const message = decodeMessage(reader.bytes(MESSAGE_BYTES));
  const tableCommitment = bytesToHex(reader.bytes(32));
  const signature = bytesToHex(reader.bytes(64));
  const aggregateKey = bytesToHex(reader.bytes(128));
  const length = reader.u16();
  const signers = signersOf(reader.bytes(length), depth);
  if (reader.remaining !== 0) throw malformed("bytes follow the certificate", { remaining: reader.remaining });
  return { message, tableCommitment, signature, aggregateKey, signers, depth };
}

/** Bit i of byte i / 8, from the low end. @throws ProtocolError for indices out of order or out of range */
export function signerBitmap(signers: readonly number[], depth: number): Uint8Array {
  const bitmap = new Uint8Array(bitmapLength(depth));
  let previous = -1;
  for (const index of signers) {
    if (!Number.isSafeInteger(index) || index <= previous || index >= 2 ** depth)
      throw malformed("signers are ascending and within the table", { index, previous });
    bitmap[index >> 3] = (bitmap[index >> 3] as number) | (1 << (index & 7));
    previous = index;
  }
  return bitmap;
}

export function signersOf(bitmap: Uint8Array, depth: number): number[] {
  if (bitmap.length !== bitmapLength(depth)) throw malformed("the bitmap has not the table's length", { depth });
  const signers: number[] = [];
  for (let index = 0; index < bitmap.length * 8; index++) {
    if (((bitmap[index >> 3] as number) & (1 << (index & 7))) === 0) continue;
    if (index >= 2 ** depth) throw malformed("a signer is outside the table", { index });
    signers.push(index);
  }
  return signers;
}

function bitmapLength(depth: number): number {
  if (!Number.isSafeInteger(depth) || depth < 0 || depth > MAX_DEPTH) throw malformed("no such depth", { depth });
  return Math.ceil(2 ** depth / 8);
}

function fixed(writer: ByteWriter, value: Hex, length: number): void {
  const bytes = hexToBytes(value);
  if (bytes.length !== length)
    throw malformed("a field has the wrong length", { length: bytes.length, expected: length });
  writer.bytes(bytes);
}

function malformed(problem: string, details: Record<string, number>): ProtocolError {
  return new ProtocolError("MALFORMED_CERTIFICATE", problem, details);
}
