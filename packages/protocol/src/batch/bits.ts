import type { ByteReader, ByteWriter } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";

/** A span batch's bit list: a big-endian integer whose bit `i` is the list's entry `i`. */
export class Bits {
  readonly #bytes: Uint8Array;
  readonly length: number;

  constructor(length: number, bytes: Uint8Array = new Uint8Array(Math.ceil(length / 8))) {
    this.length = length;
    this.#bytes = bytes;
  }

  get(index: number): boolean {
    const byte = this.#bytes[this.#bytes.length - 1 - (index >>> 3)] as number;
    return ((byte >> (index & 7)) & 1) === 1;
  }

  set(index: number): void {
    const at = this.#bytes.length - 1 - (index >>> 3);
    this.#bytes[at] = (this.#bytes[at] as number) | (1 << (index & 7));
  }

  write(writer: ByteWriter): void {
    writer.bytes(this.#bytes);
  }

  /** @throws ProtocolError `MALFORMED_BATCH` if bits beyond the length are set */
  static read(reader: ByteReader, length: number): Bits {
    const bytes = reader.bytes(Math.ceil(length / 8));
    if (length % 8 !== 0 && (bytes[0] as number) >> (length % 8) !== 0) {
      throw new ProtocolError("MALFORMED_BATCH", "bit list has bits beyond its length", { length });
    }
    return new Bits(length, bytes);
  }

  static from(values: readonly boolean[]): Bits {
    const bits = new Bits(values.length);
    for (const [index, value] of values.entries()) if (value) bits.set(index);
    return bits;
  }
}
