import { bytesToHex, decodeMessage, encodeMessage, type Hex, hexToBytes, MESSAGE_BYTES } from "@altlayer/protocol";
import type { Share } from "../../core/types.ts";
import { RecordFile } from "../record-file.ts";

const RECORD_BYTES = 20 + MESSAGE_BYTES + 64;
const COMPACT_ABOVE_BYTES = 1024 * 1024;
const MAX_OPERATORS = 4_096;

/**
 * The furthest share seen of every other operator, across restarts: what tells a restored backup that it is one
 * (docs/spec/mach.md, section 7). A kill may take what came since the last `write`, a power cut the last second; so much
 * later is detection certain.
 */
export class FurthestFile {
  readonly #file: RecordFile;
  readonly #shares: Map<Hex, Share>;
  /** Whose share is not in the file yet: they change with every message that is signed, and the last of each is enough. */
  readonly #unwritten = new Set<Hex>();

  private constructor(file: RecordFile, shares: Map<Hex, Share>) {
    this.#file = file;
    this.#shares = shares;
  }

  static async open(options: { readonly file: string; readonly identity: Hex }): Promise<FurthestFile> {
    const { file, records } = await RecordFile.open({ ...options, magic: "ALTMSEEN" });
    const shares = new Map<Hex, Share>();
    for (const record of records) {
      if (record.length !== RECORD_BYTES) continue;
      const at = 20 + MESSAGE_BYTES;
      const share = {
        message: decodeMessage(record.subarray(20, at)),
        signature: bytesToHex(record.subarray(at)),
      };
      shares.set(bytesToHex(record.subarray(0, 20)), share);
    }
    return new FurthestFile(file, shares);
  }

  get shares(): ReadonlyMap<Hex, Share> {
    return this.#shares;
  }

  set(operator: Hex, share: Share): void {
    if (this.#shares.get(operator) === share) return;
    this.#shares.delete(operator);
    this.#shares.set(operator, share);
    this.#unwritten.add(operator);
    for (const oldest of this.#shares.keys()) {
      if (this.#shares.size <= MAX_OPERATORS) break;
      this.#shares.delete(oldest);
    }
  }

  /** Hands the operating system what was set since the last call. */
  write(): void {
    if (this.#unwritten.size === 0) return;
    const all = [...this.#shares];
    const fresh = all.filter(([operator]) => this.#unwritten.has(operator));
    this.#unwritten.clear();
    const isLong = this.#file.bytes >= COMPACT_ABOVE_BYTES + 2 * RECORD_BYTES * all.length;
    const records = (isLong ? all : fresh).map(([operator, share]) => encode(operator, share));
    if (isLong) this.#file.replace(records);
    else this.#file.append(...records);
  }

  sync(): Promise<void> {
    this.write();
    return this.#file.sync();
  }

  close(): Promise<void> {
    this.write();
    return this.#file.close();
  }
}

function encode(operator: Hex, { message, signature }: Share): Uint8Array {
  return Buffer.concat([hexToBytes(operator), encodeMessage(message), hexToBytes(signature)]);
}
