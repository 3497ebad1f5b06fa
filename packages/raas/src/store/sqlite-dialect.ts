import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from "kysely";
import { CompiledQuery as Compiled, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import { RaasError } from "../errors.ts";
import { SqliteThread } from "./sqlite-thread.ts";

export interface SqliteWorkerOptions {
  readonly file: string;
  /** A thread that serves several files, which are only read; without it the file has two of its own, one for writes. */
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
  createAdapter = () => new Adapter();
  createIntrospector: Dialect["createIntrospector"] = (db) => new SqliteIntrospector(db);
}

/** Kysely would let one user in at a time, reads and all; here only writers wait for each other. */
class Adapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** Where a file is open: the thread, and the number by which it is asked there. */
interface Place {
  readonly thread: SqliteThread;
  readonly database: number;
}

/**
 * Writes go one after the other, and a transaction holds up all others until it ends. What only reads goes by a
 * connection on a thread of its own and waits for nobody: SQLite's write-ahead log shows it all that is committed. A
 * transaction is several messages to and fro and a sync of the disk, which a page of the API must not wait for.
 */
class SqliteWorkerDriver implements Driver {
  readonly #options: SqliteWorkerOptions;
  #writer: Place | null = null;
  #reader: Place | null = null;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: SqliteWorkerOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {
    const { file, thread } = this.#options;
    if (thread !== undefined) {
      this.#writer = await openOn(thread, file);
      return;
    }
    const threads = [new SqliteThread(), new SqliteThread()] as const;
    try {
      this.#writer = await openOn(threads[0], file);
      this.#reader = await openOn(threads[1], file);
    } catch (error) {
      this.#writer = null;
      await Promise.all(threads.map((each) => each.end()));
      throw error;
    }
  }

  async acquireConnection(): Promise<Connection> {
    if (this.#writer === null) throw closed();
    return new Connection({
      writer: this.#writer,
      reader: this.#reader ?? this.#writer,
      turn: () => this.#nextTurn(),
    });
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(connection: Connection): Promise<void> {
    await connection.begin();
  }

  async commitTransaction(connection: Connection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: Connection): Promise<void> {
    await connection.rollback();
  }

  async destroy(): Promise<void> {
    const places = [this.#reader, this.#writer];
    this.#reader = null;
    this.#writer = null;
    for (const place of places) {
      if (place === null) continue;
      await place.thread.close(place.database);
      if (place.thread !== this.#options.thread) await place.thread.end();
    }
  }

  /** Resolves when it is the caller's turn to write; what it resolves with ends the turn. */
  async #nextTurn(): Promise<() => void> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    if (this.#writer !== null) return resolve;
    resolve();
    throw closed();
  }
}

async function openOn(thread: SqliteThread, file: string): Promise<Place> {
  return { thread, database: await thread.open(file) };
}

const closed = () => new RaasError("CLOSED", "the store is closed");

interface ConnectionParts {
  readonly writer: Place;
  readonly reader: Place;
  readonly turn: () => Promise<() => void>;
}

class Connection implements DatabaseConnection {
  readonly #parts: ConnectionParts;
  /** Ends the turn of the transaction that is under way. */
  #endTurn: (() => void) | null = null;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { writer, reader, turn } = this.#parts;
    if (this.#endTurn !== null) return await ask(writer, query);
    if (query.query.kind === "SelectQueryNode") return await ask(reader, query);
    const endTurn = await turn();
    try {
      return await ask(writer, query);
    } finally {
      endTurn();
    }
  }

  // biome-ignore lint/correctness/useYield: nothing of ours streams rows; the interface asks for the method.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new RaasError("STORE_FAILED", "this store does not stream");
  }

  async begin(): Promise<void> {
    const endTurn = await this.#parts.turn();
    try {
      await ask(this.#parts.writer, Compiled.raw("begin immediate"));
      this.#endTurn = endTurn;
    } catch (error) {
      endTurn();
      throw error;
    }
  }

  /** What fails is rolled back, in the same turn. */
  async commit(): Promise<void> {
    await ask(this.#parts.writer, Compiled.raw("commit"));
    this.#end();
  }

  async rollback(): Promise<void> {
    try {
      await ask(this.#parts.writer, Compiled.raw("rollback"));
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#endTurn?.();
    this.#endTurn = null;
  }
}

async function ask<R>({ thread, database }: Place, { sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
  const { rows = [], changes } = await thread.query(database, sql, parameters);
  return { rows: rows as R[], ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }) };
}
