import { access, mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Logger } from "@altlayer/rollup";
import { Kysely } from "kysely";
import { RaasError } from "../errors.ts";
import { SqliteWorkerDialect } from "../store/sqlite-dialect.ts";
import { SqliteThread } from "../store/sqlite-thread.ts";
import { Indexer } from "./indexer.ts";
import type { IndexDatabase, IndexTables } from "./tables.ts";
import { prepareIndex } from "./tables.ts";

interface Entry {
  readonly db: Promise<IndexDatabase>;
  indexer: Indexer | null;
}

const POLL_MS = 500;

/** The explorer indexes of all rollups: a file each, one thread for all. */
export class Explorer {
  readonly #fileOf: (rollupId: string) => string;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();
  #thread: SqliteThread | null = null;

  constructor(options: { readonly fileOf: (rollupId: string) => string }, { log }: { readonly log: Logger }) {
    this.#fileOf = options.fileOf;
    this.#log = log;
  }

  /** Indexes what the node has from now on. */
  async start(rollupId: string, rpcUrl: string): Promise<void> {
    const entry = this.#entry(rollupId);
    const db = await entry.db;
    await entry.indexer?.close();
    entry.indexer = new Indexer({ rpcUrl, pollMs: POLL_MS }, { db, log: this.#log });
  }

  /** The node is about to end; what is indexed stays readable. */
  async stop(rollupId: string): Promise<void> {
    const entry = this.#entries.get(rollupId);
    await entry?.indexer?.close();
    if (entry !== undefined) entry.indexer = null;
  }

  /** The index to read. @throws RaasError `NOT_FOUND` before there is one */
  async read(rollupId: string): Promise<IndexDatabase> {
    const there = await access(this.#fileOf(rollupId)).then(
      () => true,
      () => false,
    );
    if (!there)
      throw new RaasError("NOT_FOUND", "this rollup has no explorer index yet: it begins with the first start");
    return await this.#entry(rollupId).db;
  }

  /** Closes the file, so that it can be removed. */
  async forget(rollupId: string): Promise<void> {
    const entry = this.#entries.get(rollupId);
    if (entry === undefined) return;
    this.#entries.delete(rollupId);
    await entry.indexer?.close();
    await (await entry.db).destroy();
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#entries.keys()].map((id) => this.forget(id)));
    await this.#thread?.end();
    this.#thread = null;
  }

  #entry(rollupId: string): Entry {
    let entry = this.#entries.get(rollupId);
    if (entry === undefined) {
      const db = this.#open(this.#fileOf(rollupId));
      entry = { db, indexer: null };
      this.#entries.set(rollupId, entry);
      db.catch(() => this.#entries.delete(rollupId));
    }
    return entry;
  }

  async #open(file: string): Promise<IndexDatabase> {
    this.#thread ??= new SqliteThread();
    const thread = this.#thread;
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const open = () => new Kysely<IndexTables>({ dialect: new SqliteWorkerDialect({ file, thread }) });
    const db = open();
    if (await prepareIndex(db)) return db;
    // Of another version: the chain still holds all of it.
    await db.destroy();
    for (const suffix of ["", "-wal", "-shm"]) await rm(`${file}${suffix}`, { force: true });
    const fresh = open();
    await prepareIndex(fresh);
    return fresh;
  }
}
