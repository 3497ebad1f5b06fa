import { access } from "node:fs/promises";
import type { Logger } from "@altlayer/rollup";
import { Kysely, sql } from "kysely";
import { RaasError } from "../errors.ts";
import { QUIET } from "../quiet.ts";
import { SqliteWorkerDialect } from "../store/sqlite-dialect.ts";
import { SqliteThread } from "../store/sqlite-thread.ts";
import { IndexThread } from "./index-thread.ts";
import { INDEX_VERSION, type IndexDatabase, type IndexTables } from "./tables.ts";

/**
 * The explorer indexes of all rollups: a file each. One thread writes them all, another one reads, so that a page never
 * waits for what is being indexed (SQLite's write-ahead log lets both go on).
 */
export class Explorer {
  readonly #fileOf: (rollupId: string) => string;
  readonly #writer: IndexThread;
  readonly #readers = new Map<string, Promise<IndexDatabase>>();
  readonly #starting = new Map<string, Promise<void>>();
  /** What is indexed here. */
  readonly #indexed = new Set<string>();
  /** What tells of a rollup's new blocks, by its id. */
  readonly #listening = new Map<string, () => void>();
  #thread: SqliteThread | null = null;

  constructor(options: { readonly fileOf: (rollupId: string) => string }, { log }: { readonly log: Logger }) {
    this.#fileOf = options.fileOf;
    this.#writer = new IndexThread({ log });
  }

  /**
   * Indexes what the node has from now on.
   * @param onHead tells of new blocks; without it they are looked for twice a second
   * @throws RaasError `STORE_FAILED`
   */
  async start(
    rollupId: string,
    rpcUrl: string,
    onHead: ((listener: () => void) => () => void) | null = null,
  ): Promise<void> {
    // The file may be of another version, and made anew.
    await this.#closeReader(rollupId);
    this.#endListening(rollupId);
    const source = { rpcUrl, ...QUIET };
    const file = this.#fileOf(rollupId);
    const started = this.#writer.start({ id: rollupId, file, source, told: onHead !== null });
    if (onHead !== null)
      this.#listening.set(
        rollupId,
        onHead(() => this.#writer.news(rollupId)),
      );
    this.#starting.set(rollupId, started);
    this.#indexed.add(rollupId);
    await started.finally(() => this.#starting.delete(rollupId));
  }

  /** The node is about to end; what is indexed stays readable. */
  async stop(rollupId: string): Promise<void> {
    this.#indexed.delete(rollupId);
    this.#endListening(rollupId);
    await this.#writer.stop(rollupId);
  }

  /** Nothing is indexed from here until `start`: another control plane does it. */
  async pause(): Promise<void> {
    await Promise.all([...this.#indexed].map((id) => this.stop(id)));
  }

  /** The index to read. @throws RaasError `NOT_FOUND` before there is one */
  async read(rollupId: string): Promise<IndexDatabase> {
    await this.#starting.get(rollupId)?.catch(() => {});
    const known = this.#readers.get(rollupId);
    if (known !== undefined) return await known;
    const opened = this.#open(this.#fileOf(rollupId));
    this.#readers.set(rollupId, opened);
    opened.catch(() => this.#readers.delete(rollupId));
    return await opened;
  }

  /** Closes the file, so that it can be removed. */
  async forget(rollupId: string): Promise<void> {
    await this.stop(rollupId);
    await this.#closeReader(rollupId);
  }

  async close(): Promise<void> {
    for (const id of [...this.#listening.keys()]) this.#endListening(id);
    await this.#writer.end();
    await Promise.allSettled([...this.#readers.keys()].map((id) => this.#closeReader(id)));
    await this.#thread?.end();
    this.#thread = null;
  }

  #endListening(rollupId: string): void {
    this.#listening.get(rollupId)?.();
    this.#listening.delete(rollupId);
  }

  async #closeReader(rollupId: string): Promise<void> {
    const reader = this.#readers.get(rollupId);
    this.#readers.delete(rollupId);
    await (await reader?.catch(() => undefined))?.destroy();
  }

  async #open(file: string): Promise<IndexDatabase> {
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there) {
      this.#thread ??= new SqliteThread();
      const db = new Kysely<IndexTables>({ dialect: new SqliteWorkerDialect({ file, thread: this.#thread }) });
      const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(db);
      if (rows[0]?.user_version === INDEX_VERSION) return db;
      await db.destroy();
    }
    throw new RaasError("NOT_FOUND", "this rollup has no explorer index yet: it begins with the next start");
  }
}
