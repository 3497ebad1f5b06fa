import type { Hex } from "@altlayer/protocol";
import { decodeFrame, encodeFrame, type SignedAlert } from "./links/wire.ts";
import { RecordFile } from "./record-file.ts";

const COMPACT_ABOVE_BYTES = 1024 * 1024;
/** Alerts that wait for their epoch's table after a start: the newest. */
const MAX_RESTORED = 4_096;

/** Alerts that are open, across restarts: a block that is held back stays so when the nodes that heard of it start again. */
export class AlertFile {
  readonly #file: RecordFile;
  #restored: readonly SignedAlert[];

  private constructor(file: RecordFile, restored: readonly SignedAlert[]) {
    this.#file = file;
    this.#restored = restored;
  }

  static async open(options: { readonly file: string; readonly identity: Hex }): Promise<AlertFile> {
    const { file, records } = await RecordFile.open({ ...options, magic: "ALTMALRT" });
    const restored = records.slice(-MAX_RESTORED).flatMap((record) => {
      try {
        const frame = decodeFrame(record);
        return frame.type === "alert" ? [frame.signed] : [];
      } catch {
        return [];
      }
    });
    return new AlertFile(file, restored);
  }

  /** Those of before the start that are of the epoch; each once. */
  take(epoch: number): readonly SignedAlert[] {
    const found = this.#restored.filter(({ alert }) => alert.epoch === epoch);
    this.#restored = this.#restored.filter(({ alert }) => alert.epoch !== epoch);
    return found;
  }

  add(signed: SignedAlert): void {
    this.#file.append(encoded(signed));
  }

  /** Written anew with what is open, when most of the file is of no use any more. */
  settle(open: readonly SignedAlert[]): void {
    if (this.#file.bytes <= COMPACT_ABOVE_BYTES) return;
    this.#file.replace([...this.#restored, ...open].map(encoded));
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The body of the frame that peers send it in. */
function encoded(signed: SignedAlert): Uint8Array {
  return encodeFrame({ type: "alert", signed }).subarray(4);
}
