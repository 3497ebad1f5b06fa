import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { CliError } from "../errors.ts";
import { rpc } from "../rpc.ts";
import { readIfThere, writeDurably } from "./durable.ts";

const unzip = promisify(gunzip);
const DUMP_TIMEOUT_MS = 60_000;

/** What we read of anvil's state file. */
interface State {
  readonly best_block_number: number;
  readonly block: { readonly timestamp: string };
}

export interface SavedState {
  readonly file: string;
  readonly blockNumber: number;
  /** Seconds. */
  readonly timestamp: number;
}

/** The files that hold anvil's state: ours, replaced whole, and the one that anvil writes when it ends. */
export class AnvilStateStore {
  readonly #saved: string;
  readonly exit: string;

  constructor(options: { readonly directory: string }) {
    this.#saved = join(options.directory, "state.json");
    this.exit = join(options.directory, "state-at-exit.json");
  }

  /**
   * The newest whole state. Anvil's own file may be torn when the machine went down while it was written; then the
   * last periodic one counts.
   * @throws CliError `DATA_DIR_CORRUPT` when there are states and none can be read.
   */
  async newest(): Promise<SavedState | undefined> {
    const exit = await parse(this.exit);
    const saved = await parse(this.#saved);
    if (exit === "torn" && saved === undefined) this.#corrupt(this.exit);
    if (saved === "torn") this.#corrupt(this.#saved);
    if (exit !== "torn" && exit !== undefined && (saved === undefined || exit.blockNumber >= saved.blockNumber)) {
      await rename(this.exit, this.#saved);
      return { ...exit, file: this.#saved };
    }
    await rm(this.exit, { force: true });
    return saved;
  }

  /** Asks a running anvil for its state and replaces ours by it. Returns how long it took. */
  async save(url: string): Promise<number> {
    const startedAt = performance.now();
    const dump = await rpc<string>(url, "anvil_dumpState", [], DUMP_TIMEOUT_MS);
    await writeDurably(this.#saved, await unzip(Buffer.from(dump.slice(2), "hex")));
    return performance.now() - startedAt;
  }

  #corrupt(file: string): never {
    throw new CliError("DATA_DIR_CORRUPT", `the L1's state in ${file} cannot be read: begin anew with --fresh`, {
      data: { file },
    });
  }
}

async function parse(file: string): Promise<SavedState | "torn" | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as State;
    const timestamp = Number(state.block.timestamp);
    if (!Number.isSafeInteger(state.best_block_number) || !Number.isSafeInteger(timestamp)) return "torn";
    return { file, blockNumber: state.best_block_number, timestamp };
  } catch {
    return "torn";
  }
}
