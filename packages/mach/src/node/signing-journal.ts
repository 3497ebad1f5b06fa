import { type FileHandle, link, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
import { decodeMessage, encodeMessage, type Hex, hexToBytes, MESSAGE_BYTES } from "@altlayer/protocol";
import type { JournalRecord } from "../core/types.ts";
import { MachError } from "../errors.ts";
import { takeLock } from "./file-lock.ts";
import { syncFolder } from "./sync-folder.ts";

/** "ALTMACH1", the identity, and their checksum. */
const MAGIC = Buffer.from("ALTMACH1");
const HEADER_BYTES = MAGIC.length + 32 + 4;
const FRAME_BYTES = 8;
const NONE = 0xff;
/** Presence of the quarantine, its height, presence of the tip, the tip. */
const PAYLOAD_BYTES = 1 + 8 + 1 + MESSAGE_BYTES;
const RECORD_BYTES = FRAME_BYTES + PAYLOAD_BYTES;
/** Only the last record counts: a longer file is written anew with that one. */
const COMPACT_ABOVE_BYTES = 4 * 1024 * 1024;

export interface JournalOptions {
  readonly file: string;
  /** 32 bytes that say whose journal it is: a hash of domain and operator. A journal of somebody else is refused. */
  readonly identity: Hex;
}

/**
 * The signing journal on disk (docs/spec/mach.md, section 5): what `append` resolved for survives a crash.
 *
 * Records have one size and a checksum. A record cut off by a crash at the end was never acknowledged, so it is
 * dropped; anything else that does not check is corruption, and opening fails rather than forgets. One process at a time.
 */
export class SigningJournal {
  readonly #options: JournalOptions;
  readonly #unlock: () => void;
  #handle: FileHandle;
  #bytes: number;
  #last: Promise<void> = Promise.resolve();
  #failed = false;
  #closed = false;

  private constructor(
    options: JournalOptions,
    opened: { readonly handle: FileHandle; readonly bytes: number; readonly unlock: () => void },
  ) {
    this.#options = options;
    this.#handle = opened.handle;
    this.#bytes = opened.bytes;
    this.#unlock = opened.unlock;
  }

  /** A new journal, for an operator that never signed. @throws MachError `JOURNAL_EXISTS`, `JOURNAL_LOCKED` */
  static async create(options: JournalOptions): Promise<SigningJournal> {
    const unlock = takeLock(`${options.file}.lock`);
    try {
      // Whole or not at all: what a crash leaves half made would be a damaged journal for ever.
      await rm(`${options.file}.new`, { force: true });
      const handle = await open(`${options.file}.new`, "wx+");
      await handle.write(header(options.identity));
      await handle.sync();
      await link(`${options.file}.new`, options.file).catch(async (cause) => {
        await handle.close();
        throw cause.code === "EEXIST"
          ? new MachError("JOURNAL_EXISTS", "there is a signing journal already: open it", { file: options.file })
          : cause;
      });
      await rm(`${options.file}.new`);
      await syncFolder(path.dirname(options.file));
      return new SigningJournal(options, { handle, bytes: HEADER_BYTES, unlock });
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /**
   * The journal and its last record. A missing file is an error and not a new journal: whoever lost it may have signed.
   * @throws MachError `JOURNAL_MISSING`, `JOURNAL_LOCKED`, `JOURNAL_FOREIGN`, `JOURNAL_CORRUPT`
   */
  static async open(options: JournalOptions): Promise<{ journal: SigningJournal; record: JournalRecord }> {
    const unlock = takeLock(`${options.file}.lock`);
    try {
      const handle = await open(options.file, "r+").catch((cause) => {
        throw cause.code === "ENOENT"
          ? new MachError(
              "JOURNAL_MISSING",
              "there is no signing journal: restore it, and start with the restore flag; only who never signed for this service has one made",
              {
                file: options.file,
              },
            )
          : cause;
      });
      try {
        const { record, bytes } = await recover(handle, options);
        return { journal: new SigningJournal(options, { handle, bytes, unlock }), record };
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Resolves once the record is on disk. After a failure the journal takes nothing more: the disk's state is unknown. */
  append(record: JournalRecord): Promise<void> {
    const written = this.#last.then(() => this.#write(record));
    this.#last = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#last;
    this.#closed = true;
    await this.#handle.close();
    this.#unlock();
  }

  async #write(record: JournalRecord): Promise<void> {
    if (this.#failed || this.#closed) {
      throw new MachError("JOURNAL_CLOSED", "the signing journal takes no more records", { file: this.#options.file });
    }
    try {
      if (this.#bytes > COMPACT_ABOVE_BYTES) await this.#compact(record);
      else {
        await this.#handle.write(frame(record), 0, RECORD_BYTES, this.#bytes);
        await this.#handle.datasync();
        this.#bytes += RECORD_BYTES;
      }
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /** A file with the new record alone takes the place of the old one, whole or not at all. */
  async #compact(record: JournalRecord): Promise<void> {
    const { file, identity } = this.#options;
    const fresh = await open(`${file}.new`, "w+");
    await fresh.write(Buffer.concat([header(identity), frame(record)]));
    await fresh.sync();
    await rename(`${file}.new`, file);
    await syncFolder(path.dirname(file));
    await this.#handle.close();
    this.#handle = fresh;
    this.#bytes = HEADER_BYTES + RECORD_BYTES;
  }
}

async function recover(handle: FileHandle, { file, identity }: JournalOptions) {
  const content = await handle.readFile();
  const corrupt = (problem: string) => new MachError("JOURNAL_CORRUPT", problem, { file });
  const expected = header(identity);
  if (content.length < HEADER_BYTES) throw corrupt("the signing journal has no header");
  const own = content.subarray(0, HEADER_BYTES);
  if (!own.equals(expected)) {
    const intact = own.readUInt32BE(HEADER_BYTES - 4) === crc32(own.subarray(0, HEADER_BYTES - 4));
    if (!intact) throw corrupt("the signing journal's header does not check");
    throw new MachError("JOURNAL_FOREIGN", "the signing journal is of another operator or service", { file });
  }
  let record: JournalRecord = { tip: null, quarantineHeight: null };
  let bytes = HEADER_BYTES;
  for (; bytes + RECORD_BYTES <= content.length; bytes += RECORD_BYTES) {
    const read = parse(content.subarray(bytes, bytes + RECORD_BYTES));
    if (read !== null) record = read;
    // The last one may be half of a write that nobody was told of; one with records after it was synced.
    else if (bytes + RECORD_BYTES < content.length) throw corrupt(`the record at byte ${bytes} does not check`);
    else break;
  }
  if (bytes < content.length) {
    await handle.truncate(bytes);
    await handle.sync();
  }
  await rm(`${file}.new`, { force: true });
  return { record, bytes };
}

function header(identity: Hex): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.set(hexToBytes(identity), MAGIC.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return bytes;
}

function frame({ tip, quarantineHeight }: JournalRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  const payload = bytes.subarray(FRAME_BYTES);
  payload.writeUInt8(quarantineHeight === null ? NONE : 1, 0);
  payload.writeBigUInt64BE(BigInt(quarantineHeight ?? 0), 1);
  payload.writeUInt8(tip === null ? NONE : 1, 9);
  if (tip !== null) payload.set(encodeMessage(tip), 10);
  bytes.writeUInt32BE(PAYLOAD_BYTES, 0);
  bytes.writeUInt32BE(crc32(payload), 4);
  return bytes;
}

function parse(bytes: Buffer): JournalRecord | null {
  const payload = bytes.subarray(FRAME_BYTES);
  if (bytes.readUInt32BE(0) !== PAYLOAD_BYTES || bytes.readUInt32BE(4) !== crc32(payload)) return null;
  return {
    quarantineHeight: payload.readUInt8(0) === NONE ? null : Number(payload.readBigUInt64BE(1)),
    tip: payload.readUInt8(9) === NONE ? null : decodeMessage(payload.subarray(10)),
  };
}
