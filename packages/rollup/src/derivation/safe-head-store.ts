import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { seal, unseal, writeDurably } from "../durable-file.ts";
import { RollupError } from "../errors.ts";
import { hash } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";

const id = z.object({ number: z.number().int().nonnegative(), hash });
const entrySchema = z.object({ l1: id, l2: id });
/** After the data of L1 block `l1`, the safe head was `l2`. */
export type SafeHeadEntry = z.output<typeof entrySchema>;

/**
 * Which L1 block each safe head was derived from: what finality is read from, and how far a restart or an L1 reorg
 * goes back. Kept on disk; rewritten when it grows, losing only what is final.
 */
export class SafeHeadStore {
  readonly #path: string;
  readonly #directory: string;
  readonly #maxEntries: number;
  readonly #log: Logger;
  #entries: SafeHeadEntry[] = [];
  #file: FileHandle | null = null;
  #lines = 0;

  constructor(
    options: { readonly directory: string; readonly maxEntries: number },
    dependencies: { readonly log: Logger },
  ) {
    this.#log = dependencies.log;
    this.#directory = options.directory;
    this.#path = join(options.directory, "safe-heads.jsonl");
    this.#maxEntries = options.maxEntries;
  }

  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const text = await this.#read();
    const lines = text.split("\n");
    for (const [index, line] of lines.entries()) {
      if (line === "") continue;
      const entry = parseLine(line);
      if (entry === null) {
        // What came after is later and rests on it. Derivation finds all of it again, from the L1.
        const dropped = lines.length - index;
        const message = "the safe heads' file is torn or damaged; what follows is derived again";
        this.#log.warn(message, { path: this.#path, line: index + 1, dropped });
        break;
      }
      this.#insert(entry);
    }
    this.#lines = lines.length - 1;
    // Most often it is as it should be, and is not written anew.
    if (text === "" || !text.endsWith("\n") || this.#lines !== this.#entries.length) await this.#compact();
    else this.#file = await open(this.#path, "a");
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  /** Oldest first. */
  get entries(): readonly SafeHeadEntry[] {
    return this.#entries;
  }

  /** Records a safe head; what stood at the same or a later L1 block is replaced. */
  async record(entry: SafeHeadEntry): Promise<void> {
    this.#insert(entry);
    if (!this.#file)
      throw new RollupError("SAFE_HEAD_STORE", "the safe head store is not open", { severity: "critical" });
    await this.#file.appendFile(`${seal(JSON.stringify(entry))}\n`);
    if (++this.#lines > 4 * this.#maxEntries) await this.#compact();
  }

  /** Forgets safe heads above that L2 block: they are derived again, perhaps from other L1 blocks. */
  async cut(l2Number: number): Promise<void> {
    const kept = this.#entries.findLastIndex((entry) => entry.l2.number <= l2Number) + 1;
    if (kept === this.#entries.length) return;
    this.#entries.length = kept;
    await this.#compact();
  }

  /** The newest safe head that was derived from L1 blocks up to `l1Number`. */
  upTo(l1Number: number): SafeHeadEntry | null {
    return this.#entries.findLast((entry) => entry.l1.number <= l1Number) ?? null;
  }

  async #read(): Promise<string> {
    try {
      return await readFile(this.#path, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "";
      const message = `${this.#path} cannot be read; see to its disk and permissions, then restart`;
      throw new RollupError("SAFE_HEAD_STORE", message, { severity: "critical", data: { path: this.#path }, cause });
    }
  }

  #insert(entry: SafeHeadEntry): void {
    while ((this.#entries.at(-1)?.l1.number ?? -1) >= entry.l1.number) this.#entries.pop();
    this.#entries.push(entry);
    if (this.#entries.length > 2 * this.#maxEntries) this.#entries = this.#entries.slice(-this.#maxEntries);
  }

  async #compact(): Promise<void> {
    await this.#file?.close();
    await writeDurably(this.#path, this.#entries.map((entry) => `${seal(JSON.stringify(entry))}\n`).join(""));
    this.#file = await open(this.#path, "a");
    this.#lines = this.#entries.length;
  }
}

function parseLine(line: string): SafeHeadEntry | null {
  try {
    return entrySchema.parse(JSON.parse(unseal(line) ?? ""));
  } catch {
    return null;
  }
}
