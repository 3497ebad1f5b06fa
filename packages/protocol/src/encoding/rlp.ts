import { ProtocolError } from "../errors.ts";
import type { ByteWriter } from "./bytes.ts";
import { bytesToBigint } from "./bytes.ts";

/**
 * Strict RLP (Ethereum yellow paper, appendix B), as go-ethereum reads it: lengths and integers in canonical form
 * only. Own code, since the batch codec walks encoded items in place without decoding them into objects.
 */
export class RlpReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at === this.#end;
  }

  get position(): number {
    return this.#at;
  }

  get nextIsList(): boolean {
    return this.#at < this.#end && (this.#bytes[this.#at] as number) >= 0xc0;
  }

  /** A second reader at the same place. */
  clone(): RlpReader {
    return new RlpReader(this.#bytes, this.#at, this.#end);
  }

  /** The next item's content, which must be a string. A view, no copy. */
  string(): Uint8Array {
    const { list, start, end } = this.#header();
    if (list) throw malformed("expected a string, found a list", this.#at);
    this.#at = end;
    return this.#bytes.subarray(start, end);
  }

  fixed(length: number): Uint8Array {
    const content = this.string();
    if (content.length !== length) throw malformed(`expected ${length} bytes, found ${content.length}`, this.#at);
    return content;
  }

  /** The next item, which must be a list, as a reader of its own. */
  list(): RlpReader {
    const { list, start, end } = this.#header();
    if (!list) throw malformed("expected a list, found a string", this.#at);
    this.#at = end;
    return new RlpReader(this.#bytes, start, end);
  }

  /** The content of a canonical integer of at most `maxBytes`. */
  integer(maxBytes = Number.POSITIVE_INFINITY): Uint8Array {
    const content = this.string();
    if (content.length > maxBytes) throw malformed(`integer exceeds ${maxBytes} bytes`, this.#at);
    if (content.length > 0 && content[0] === 0) throw malformed("integer has a leading zero", this.#at);
    return content;
  }

  uint(maxBytes: number): bigint {
    return bytesToBigint(this.integer(maxBytes));
  }

  /** The next item with its header, unread inside. A view, no copy. */
  raw(): Uint8Array {
    const start = this.#at;
    this.#at = this.#header().end;
    return this.#bytes.subarray(start, this.#at);
  }

  /** Asserts that everything was read. */
  finish(): void {
    if (!this.done) throw malformed(`${this.#end - this.#at} bytes left over`, this.#at);
  }

  #header(): { list: boolean; start: number; end: number } {
    const at = this.#at;
    if (at >= this.#end) throw malformed("ends where an item is expected", at);
    const first = this.#bytes[at] as number;
    if (first < 0x80) return { list: false, start: at, end: at + 1 };
    const list = first >= 0xc0;
    const short = first - (list ? 0xc0 : 0x80);
    if (short <= 55) {
      const end = at + 1 + short;
      this.#check(end);
      if (!list && short === 1 && (this.#bytes[at + 1] as number) < 0x80) throw malformed("one byte in long form", at);
      return { list, start: at + 1, end };
    }
    const lengthBytes = short - 55;
    const start = at + 1 + lengthBytes;
    this.#check(start);
    if (this.#bytes[at + 1] === 0) throw malformed("length has a leading zero", at);
    let length = 0;
    for (let i = at + 1; i < start; i++) length = length * 256 + (this.#bytes[i] as number);
    if (length <= 55) throw malformed("short length in long form", at);
    this.#check(start + length);
    return { list, start, end: start + length };
  }

  #check(end: number): void {
    if (end > this.#end) throw malformed("item runs past the end", this.#at);
  }
}

function malformed(problem: string, position: number): ProtocolError {
  return new ProtocolError("MALFORMED_RLP", `RLP at byte ${position}: ${problem}`, { position });
}

/** Size of a header for a string or list whose content has `length` bytes (a single low byte has none: see `stringSize`). */
export function headerSize(length: number): number {
  return length <= 55 ? 1 : 1 + byteLength(length);
}

export function stringSize(content: Uint8Array): number {
  return content.length === 1 && (content[0] as number) < 0x80 ? 1 : headerSize(content.length) + content.length;
}

export function uintSize(value: number | bigint): number {
  if (value < 0x80) return 1;
  return 1 + byteLength(value);
}

export function writeListHeader(writer: ByteWriter, length: number): void {
  writeHeader(writer, 0xc0, length);
}

export function writeString(writer: ByteWriter, content: Uint8Array): void {
  if (content.length !== 1 || (content[0] as number) >= 0x80) writeHeader(writer, 0x80, content.length);
  writer.bytes(content);
}

/** An integer of at most 64 bits (numbers) or any size (bigints). */
export function writeUint(writer: ByteWriter, value: number | bigint): void {
  if (value < 0x80) {
    writer.u8(value === 0 || value === 0n ? 0x80 : Number(value));
    return;
  }
  const size = byteLength(value);
  writeHeader(writer, 0x80, size);
  writeBigEndian(writer, value, size);
}

function writeHeader(writer: ByteWriter, base: number, length: number): void {
  if (length <= 55) {
    writer.u8(base + length);
    return;
  }
  const size = byteLength(length);
  writer.u8(base + 55 + size);
  writeBigEndian(writer, length, size);
}

function writeBigEndian(writer: ByteWriter, value: number | bigint, size: number): void {
  if (typeof value === "bigint") {
    for (let i = size - 1; i >= 0; i--) writer.u8(Number((value >> BigInt(8 * i)) & 0xffn));
  } else {
    for (let i = size - 1; i >= 0; i--) writer.u8(Math.floor(value / 2 ** (8 * i)) % 256);
  }
}

function byteLength(value: number | bigint): number {
  if (typeof value === "bigint") return Math.ceil(value.toString(16).length / 2);
  let size = 1;
  for (let rest = value; rest >= 256; rest = Math.floor(rest / 256)) size++;
  return size;
}

/** Content of a minimal big-endian integer: without its leading zeros. A view, no copy. */
export function trimZeros(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start++;
  return bytes.subarray(start);
}
