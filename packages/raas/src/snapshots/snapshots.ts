import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { writeDurably } from "@altlayer/rollup";
import { z } from "zod";
import { RaasError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { word } from "../spec/primitives.ts";

const recordSchema = z.object({
  file: z.string().regex(/^[0-9]+\.snapshot$/),
  blockNumber: z.number().int().nonnegative(),
  blockHash: word,
  bytes: z.number().int().nonnegative(),
  /** Of the file, when it was written. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Milliseconds since 1970. */
  takenAt: z.number().int(),
  /** When a copy of the chain was last started from it and agreed with the original. */
  rehearsedAt: z.number().int().nullable(),
});
/** What is known of a snapshot; it stands beside the file. */
export type SnapshotRecord = z.output<typeof recordSchema>;

/** Older ones are removed: a chain's snapshots are as large as its state. */
const KEPT = 5;
const FOLDER = "snapshots";

/** The snapshots of a rollup's chain, in a folder beside its node's data. */
export class Snapshots {
  readonly #directoryOf: (rollupId: string) => string;
  readonly #now: () => number;
  readonly #runtime: Pick<Runtime, "snapshot">;

  constructor(
    options: { readonly directoryOf: (rollupId: string) => string; readonly nowMs: () => number },
    dependencies: { readonly runtime: Pick<Runtime, "snapshot"> },
  ) {
    this.#directoryOf = options.directoryOf;
    this.#now = options.nowMs;
    this.#runtime = dependencies.runtime;
  }

  path(rollupId: string, file: string): string {
    return join(this.#directoryOf(rollupId), FOLDER, file);
  }

  /** @throws RaasError `NOT_RUNNING`; `CONFLICT` when the chain has no such block yet */
  async take(rollupId: string, block: "safe" | "finalized"): Promise<SnapshotRecord> {
    const takenAt = this.#now();
    const file = `${takenAt}.snapshot`;
    const path = this.path(rollupId, file);
    await mkdir(join(this.#directoryOf(rollupId), FOLDER), { recursive: true, mode: 0o700 });
    const info = await this.#runtime.snapshot(rollupId, { path, block }).catch((error: unknown) => {
      if (error instanceof RaasError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new RaasError("CONFLICT", `no snapshot now: ${reason}`, { cause: error });
    });
    const record = { file, ...info, sha256: await checksumOf(path), takenAt, rehearsedAt: null };
    await this.#save(rollupId, record);
    for (const old of (await this.list(rollupId)).slice(KEPT)) await this.#remove(rollupId, old);
    return record;
  }

  /** Newest first. A file without a record is none of ours, or was not finished. */
  async list(rollupId: string): Promise<readonly SnapshotRecord[]> {
    const names = await readdir(join(this.#directoryOf(rollupId), FOLDER)).catch(() => []);
    const records = await Promise.all(
      names
        .filter((name) => name.endsWith(".snapshot.json"))
        .map(async (name) => {
          const text = await readFile(this.path(rollupId, name), "utf8").catch(() => "");
          return recordSchema.safeParse(parseJson(text)).data;
        }),
    );
    return records.filter((record) => record !== undefined).sort((a, b) => b.takenAt - a.takenAt);
  }

  /** The newest whose file is what was written; null when there is none. */
  async newestIntact(rollupId: string): Promise<SnapshotRecord | null> {
    for (const record of await this.list(rollupId)) {
      const found = await checksumOf(this.path(rollupId, record.file)).catch(() => null);
      if (found === record.sha256) return record;
    }
    return null;
  }

  /** A drill has proved it. */
  async rehearsed(rollupId: string, file: string): Promise<void> {
    const record = (await this.list(rollupId)).find((known) => known.file === file);
    if (record !== undefined) await this.#save(rollupId, { ...record, rehearsedAt: this.#now() });
  }

  async #save(rollupId: string, record: SnapshotRecord): Promise<void> {
    await writeDurably(this.path(rollupId, `${record.file}.json`), `${JSON.stringify(record)}\n`);
  }

  async #remove(rollupId: string, { file }: SnapshotRecord): Promise<void> {
    await rm(this.path(rollupId, `${file}.json`), { force: true });
    await rm(this.path(rollupId, file), { force: true });
  }
}

async function checksumOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
