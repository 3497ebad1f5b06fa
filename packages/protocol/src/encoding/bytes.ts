import type { ProtocolErrorCode } from "../errors.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex } from "../types.ts";

const NIBBLES = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) {
  NIBBLES["0123456789abcdef".charCodeAt(i)] = i;
  NIBBLES["0123456789ABCDEF".charCodeAt(i)] = i;
}
const BYTE_HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));
const HEX_DIGITS = new TextEncoder().encode("0123456789abcdef");
const ASCII = new TextDecoder();
const UTF8 = new TextEncoder();

export const EMPTY_BYTES = new Uint8Array(0);

/** @throws ProtocolError `MALFORMED_HEX` */
export function hexToBytes(hex: string): Uint8Array {
  const digits = hex.length - 2;
  if (digits < 0 || digits % 2 !== 0 || hex.charCodeAt(0) !== 48 || hex.charCodeAt(1) !== 120) {
    throw new ProtocolError("MALFORMED_HEX", "expected 0x-prefixed hex of whole bytes", { length: hex.length });
  }
  const bytes = new Uint8Array(digits / 2);
  let bad = 0;
  for (let i = 0, at = 2; i < bytes.length; i++, at += 2) {
    const high = nibble(hex.charCodeAt(at));
    const low = nibble(hex.charCodeAt(at + 1));
    bad |= high | low;
    bytes[i] = (high << 4) | low;
  }
  // An invalid digit reads as 255, the only value with the top bits set.
  if (bad > 15) throw new ProtocolError("MALFORMED_HEX", "not a hex digit", { length: hex.length });
  return bytes;
}

function nibble(code: number): number {
  return code < 256 ? (NIBBLES[code] as number) : 255;
}

export function bytesToHex(bytes: Uint8Array): Hex {
  if (bytes.length <= 64) {
    let hex = "0x";
    for (let i = 0; i < bytes.length; i++) hex += BYTE_HEX[bytes[i] as number];
    return hex as Hex;
  }
  const text = new Uint8Array(2 + bytes.length * 2);
  text[0] = 48;
  text[1] = 120;
  for (let i = 0, at = 2; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    text[at++] = HEX_DIGITS[byte >> 4] as number;
    text[at++] = HEX_DIGITS[byte & 15] as number;
  }
  return ASCII.decode(text) as Hex;
}

export function utf8Bytes(text: string): Uint8Array {
  return UTF8.encode(text);
}

/** A JSON-RPC quantity as a number. @throws ProtocolError `MALFORMED_HEX` also where it exceeds 2^53 - 1 */
export function quantity(hex: Hex): number {
  const value = /^0x[0-9a-f]{1,16}$/i.test(hex) ? Number(hex) : Number.NaN;
  if (!Number.isSafeInteger(value))
    throw new ProtocolError("MALFORMED_HEX", "not a quantity in the safe range", { hex });
  return value;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

export function bytesToBigint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(bytesToHex(bytes));
}

/** Big-endian, left-padded. The value must fit. */
export function bigintToBytes(value: bigint, length: number): Uint8Array {
  const hex = value.toString(16);
  if (value < 0n || hex.length > length * 2) {
    throw new ProtocolError("TOO_LARGE", `value does not fit ${length} bytes`, { value });
  }
  return hexToBytes(`0x${hex.padStart(length * 2, "0")}`);
}

/** A growing buffer. `finish` returns a view, no copy: the writer is not used afterwards. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  u64(value: number | bigint): void {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, BigInt(value));
    this.#length += 8;
  }

  u256(value: bigint): void {
    this.bytes(bigintToBytes(value, 32));
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  zeros(count: number): void {
    this.#reserve(count);
    this.#bytes.fill(0, this.#length, this.#length + count);
    this.#length += count;
  }

  /** Unsigned LEB128, as protobuf and Go's `binary.PutUvarint` write it. */
  uvarint(value: number | bigint): void {
    if (typeof value === "number" && value < 0x80000000) {
      this.#reserve(5);
      let rest = value;
      while (rest >= 0x80) {
        this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      this.#bytes[this.#length++] = rest;
      return;
    }
    let rest = BigInt(value);
    while (rest >= 0x80n) {
      this.u8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.u8(Number(rest));
  }

  /** A view of what was written between two lengths; valid until the next write. */
  slice(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads from front to back; running past the end throws the given code. Byte results are views, not copies. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #code: ProtocolErrorCode;
  #at = 0;

  constructor(bytes: Uint8Array, code: ProtocolErrorCode = "MALFORMED_BYTES") {
    this.#bytes = bytes;
    this.#code = code;
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(count: number): Uint8Array {
    this.#need(count);
    const start = this.#at;
    this.#at += count;
    return this.#bytes.subarray(start, this.#at);
  }

  u8(): number {
    this.#need(1);
    return this.#bytes[this.#at++] as number;
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** A number where it is safe, else a bigint. */
  u64(): number | bigint {
    const high = this.u32();
    const low = this.u32();
    return high < 0x200000 ? high * 0x100000000 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  /** As Go's `binary.ReadUvarint`: at most 64 bits; encodings longer than needed are accepted. */
  uvarint(): number | bigint {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.u8();
      if (i >= 7) return this.#uvarintLong(i, byte);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw this.#malformed("varint is longer than 10 bytes");
  }

  /** Continues a varint of more than seven bytes: `index` counts the bytes before `byte`. */
  #uvarintLong(index: number, byte: number): number | bigint {
    let value = 0n;
    for (let i = 0; i < index; i++)
      value |= BigInt((this.#bytes[this.#at - 1 - index + i] as number) & 0x7f) << BigInt(7 * i);
    for (let i = index, next = byte; ; i++, next = this.u8()) {
      if (i === 9 && next > 1) throw this.#malformed("varint exceeds 64 bits");
      value |= BigInt(next & 0x7f) << BigInt(7 * i);
      if (next < 0x80) return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
    }
  }

  #need(count: number): void {
    if (count > this.remaining) throw this.#malformed(`needs ${count} bytes, has ${this.remaining}`);
  }

  #malformed(problem: string): ProtocolError {
    return new ProtocolError(this.#code, `unexpected data at byte ${this.#at}: ${problem}`, { position: this.#at });
  }
}
