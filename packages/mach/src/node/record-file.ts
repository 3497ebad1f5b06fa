import { type FileHandle, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
import { type Hex, hexToBytes } from "@altlayer/protocol";
import { syncFolder } from "./sync-folder.ts";

const MAGIC_BYTES = 8;
const HEADER_BYTES = MAGIC_BYTES + 32 + 4;
const FRAME_BYTES = 8;
const MAX_RECORD_BYTES = 4 * 1024 * 1024;

export interface RecordFileOptions {
  readonly file: string;
  /** Eight characters: what is in the file. */
  readonly magic: string;
  /** 32 bytes: whose it is. A file of somebody else, or with a damaged header, begins anew. */
  readonly identity: Hex;
}

/**
 * An append-only file of records with checksums, for what can be had again from elsewhere: what does not check is cut
 * off at opening, and what a power cut takes is lost. Appends are written at once and synced on request.
 */
export class RecordFile {
  readonly #options: RecordFileOptions;
  #handle: FileHandle;
  #bytes: number;
  #last: Promise<void> = Promise.resolve();
  #failure: unknown = null;
  #dirty = false;

  private constructor(options: RecordFileOptions, handle: FileHandle, bytes: number) {
    this.#options = options;
    this.#handle = handle;
    this.#bytes = bytes;
  }

  /** Opens or makes the file. @returns it, its records, and how many bytes at its end were of no use */
  static async open(options: RecordFileOptions): Promise<{
    readonly file: RecordFile;
    readonly records: readonly Uint8Array[];
    readonly cutBytes: number;
  }> {
    await rm(`${options.file}.new`, { force: true });
    const handle = await open(options.file, "a+").then(async (made) => {
      await made.close();
      return open(options.file, "r+");
    });
    const content = await handle.readFile();
    const expected = header(options);
    const own = content.length >= HEADER_BYTES && content.subarray(0, HEADER_BYTES).equals(expected);
    if (!own) {
      await handle.truncate(0);
      await handle.write(expected, 0, HEADER_BYTES, 0);
      await handle.sync();
      return { file: new RecordFile(options, handle, HEADER_BYTES), records: [], cutBytes: content.length };
    }
    const records: Uint8Array[] = [];
    let at = HEADER_BYTES;
    while (at + FRAME_BYTES <= content.length) {
      const length = content.readUInt32BE(at);
      const payload = content.subarray(at + FRAME_BYTES, at + FRAME_BYTES + length);
      if (length > MAX_RECORD_BYTES || payload.length < length || crc32(payload) !== content.readUInt32BE(at + 4))
        break;
      records.push(payload);
      at += FRAME_BYTES + length;
    }
    const cutBytes = content.length - at;
    if (cutBytes > 0) await handle.truncate(at);
    return { file: new RecordFile(options, handle, at), records, cutBytes };
  }

  /** Bytes of the file, those still being written included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** In one write. */
  append(...payloads: readonly Uint8Array[]): void {
    const framed = Buffer.concat(payloads.map(frame));
    const at = this.#bytes;
    this.#bytes += framed.length;
    this.#dirty = true;
    this.#then(async () => {
      await this.#handle.write(framed, 0, framed.length, at);
    });
  }

  /** Puts a file with these records in the place of this one, whole or not at all. */
  replace(payloads: readonly Uint8Array[]): void {
    const content = Buffer.concat([header(this.#options), ...payloads.map(frame)]);
    this.#bytes = content.length;
    this.#dirty = false;
    this.#then(async () => {
      const { file } = this.#options;
      const fresh = await open(`${file}.new`, "w+");
      await fresh.write(content);
      await fresh.sync();
      await rename(`${file}.new`, file);
      await syncFolder(path.dirname(file));
      await this.#handle.close();
      this.#handle = fresh;
    });
  }

  /** Resolves once all that was appended is on disk. @throws what writing threw, since the last call */
  async sync(): Promise<void> {
    if (this.#dirty) {
      this.#dirty = false;
      this.#then(() => this.#handle.datasync());
    }
    await this.#last;
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
  }

  async close(): Promise<void> {
    await this.sync().finally(() => this.#handle.close());
  }

  #then(work: () => Promise<void>): void {
    this.#last = this.#last.then(work).catch((error: unknown) => {
      this.#failure = error;
    });
  }
}

function header({ magic, identity }: RecordFileOptions): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(magic.padEnd(MAGIC_BYTES).slice(0, MAGIC_BYTES), "latin1");
  bytes.set(hexToBytes(identity), MAGIC_BYTES);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return bytes;
}

function frame(payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_BYTES + payload.length);
  bytes.writeUInt32BE(payload.length, 0);
  bytes.writeUInt32BE(crc32(payload), 4);
  bytes.set(payload, FRAME_BYTES);
  return bytes;
}
