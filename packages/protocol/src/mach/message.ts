import { ByteReader, ByteWriter, bytesToHex, hexToBytes, isZero } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex } from "../types.ts";

/** docs/spec/mach.md, section 2. A slice is a prefix of a block that is not sealed yet. */
export const SLICE = 1;
export const BLOCK = 2;
export type MessageKind = typeof SLICE | typeof BLOCK;

export const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;
export const MESSAGE_BYTES = 16 * 32;

/** What is said of one height. The fields up to `historyRoot` are its place in the chain, the rest its content. */
export interface Core {
  readonly height: number;
  /** Seconds. */
  readonly timestamp: number;
  readonly originNumber: number;
  readonly originHash: Hex;
  readonly parentHash: Hex;
  readonly attributesHash: Hex;
  readonly historyRoot: Hex;
  readonly transactionCount: number;
  readonly transactionRoot: Hex;
  /** Zero in a slice. */
  readonly blockHash: Hex;
  /** Zero in a slice. */
  readonly outputRoot: Hex;
}

/** The L2 head that the L1 determines at the epoch's block. */
export interface Base {
  readonly epoch: number;
  readonly l1Hash: Hex;
  readonly height: number;
  readonly blockHash: Hex;
}

/** A core with what it claims to be; history leaves are taken as blocks. */
export interface Statement {
  readonly kind: MessageKind;
  readonly core: Core;
}

export interface Message extends Statement {
  readonly base: Base;
}

/** `abi.encode(message)`: 16 words. @throws ProtocolError `MALFORMED_MESSAGE` where a field does not fit its type */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new ByteWriter(MESSAGE_BYTES);
  word(writer, message.kind);
  writeCore(writer, message.core);
  writeBase(writer, message.base);
  return writer.finish();
}

/** Strict: one message, one encoding. @throws ProtocolError `MALFORMED_MESSAGE` */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length !== MESSAGE_BYTES) throw malformed("a message has 512 bytes", { length: bytes.length });
  const reader = new ByteReader(bytes, "MALFORMED_MESSAGE");
  const kind = readWord(reader);
  if (kind !== SLICE && kind !== BLOCK) throw malformed("unknown kind", { kind });
  const core: Core = {
    height: readWord(reader),
    timestamp: readWord(reader),
    originNumber: readWord(reader),
    originHash: readHash(reader),
    parentHash: readHash(reader),
    attributesHash: readHash(reader),
    historyRoot: readHash(reader),
    transactionCount: readWord(reader, 0xffffffff),
    transactionRoot: readHash(reader),
    blockHash: readHash(reader),
    outputRoot: readHash(reader),
  };
  const base: Base = {
    epoch: readWord(reader),
    l1Hash: readHash(reader),
    height: readWord(reader),
    blockHash: readHash(reader),
  };
  return { kind, core, base };
}

export function writeCore(writer: ByteWriter, core: Core): void {
  word(writer, core.height);
  word(writer, core.timestamp);
  word(writer, core.originNumber);
  hash(writer, core.originHash);
  hash(writer, core.parentHash);
  hash(writer, core.attributesHash);
  hash(writer, core.historyRoot);
  word(writer, core.transactionCount, 0xffffffff);
  hash(writer, core.transactionRoot);
  hash(writer, core.blockHash);
  hash(writer, core.outputRoot);
}

export function writeBase(writer: ByteWriter, base: Base): void {
  word(writer, base.epoch);
  hash(writer, base.l1Hash);
  word(writer, base.height);
  hash(writer, base.blockHash);
}

/** An unsigned number as a 32-byte word. */
export function word(writer: ByteWriter, value: number, max = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) throw malformed("a number is out of range", { value });
  writer.zeros(24);
  writer.u64(value);
}

export function hash(writer: ByteWriter, value: Hex): void {
  const bytes = hexToBytes(value);
  if (bytes.length !== 32) throw malformed("a hash has 32 bytes", { length: bytes.length });
  writer.bytes(bytes);
}

function readWord(reader: ByteReader, max = Number.MAX_SAFE_INTEGER): number {
  if (!isZero(reader.bytes(24))) throw malformed("padding is not zero", { position: reader.position });
  const value = reader.u64();
  if (typeof value !== "number" || value > max) throw malformed("a number is out of range", { value });
  return value;
}

function readHash(reader: ByteReader): Hex {
  return bytesToHex(reader.bytes(32));
}

function malformed(problem: string, details: Record<string, number | bigint>): ProtocolError {
  return new ProtocolError("MALFORMED_MESSAGE", problem, details);
}
