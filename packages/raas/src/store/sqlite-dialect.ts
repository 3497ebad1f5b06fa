import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from "kysely";
import { CompiledQuery as Compiled, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import { RaasError } from "../errors.ts";
import { SqliteThread } from "./sqlite-thread.ts";

export interface SqliteWorkerOptions {
  readonly file: string;
  /** A thread that serves several files; without it the file has one of its own. */
  readonly thread?: SqliteThread;
}

/** Kysely on node:sqlite in a worker thread (see `sqlite-worker.ts`). */
export class SqliteWorkerDialect implements Dialect {
  readonly #options: SqliteWorkerOptions;

  constructor(options: SqliteWorkerOptions) {
    this.#options = options;
  }

  createDriver = (): Driver => new SqliteWorkerDriver(this.#options);
  createQueryCompiler = () => new SqliteQueryCompiler();
  createAdapter = () => new SqliteAdapter();
  createIntrospector: Dialect["createIntrospector"] = (db) => new SqliteIntrospector(db);
}

/** One connection, lent to one borrower at a time: a transaction holds it until it ends. */
class SqliteWorkerDriver implements Driver {
  readonly #options: SqliteWorkerOptions;
  #thread: SqliteThread | null = null;
  #database: number | null = null;
  #turn: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(options: SqliteWorkerOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {
    this.#thread = this.#options.thread ?? new SqliteThread();
    this.#database = await this.#thread.open(this.#options.file);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    this.#release = resolve;
    if (this.#thread === null || this.#database === null) {
      resolve();
      throw new RaasError("CLOSED", "the store is closed");
    }
    return new Connection(this.#thread, this.#database);
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(Compiled.raw("begin immediate"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(Compiled.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(Compiled.raw("rollback"));
  }

  async destroy(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    if (thread === null || this.#database === null) return;
    await thread.close(this.#database);
    if (this.#options.thread === undefined) await thread.end();
  }
}

class Connection implements DatabaseConnection {
  readonly #thread: SqliteThread;
  readonly #database: number;

  constructor(thread: SqliteThread, database: number) {
    this.#thread = thread;
    this.#database = database;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows = [], changes } = await this.#thread.query(this.#database, sql, parameters);
    return { rows: rows as R[], ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }) };
  }

  // biome-ignore lint/correctness/useYield: nothing of ours streams rows; the interface asks for the method.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new RaasError("STORE_FAILED", "this store does not stream");
  }
}
