import { Worker } from "node:worker_threads";
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from "kysely";
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import { RaasError } from "../errors.ts";

interface Reply {
  readonly id: number;
  readonly rows?: readonly unknown[];
  readonly changes?: number;
  readonly error?: { readonly message: string; readonly errcode: number };
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** SQLite's code for a broken unique or primary key. */
export const SQLITE_UNIQUE = new Set([1555, 2067]);

/** Kysely on node:sqlite in a worker thread (see `sqlite-worker.ts`). */
export class SqliteWorkerDialect implements Dialect {
  readonly #file: string;

  constructor(options: { readonly file: string }) {
    this.#file = options.file;
  }

  createDriver = (): Driver => new SqliteWorkerDriver(this.#file);
  createQueryCompiler = () => new SqliteQueryCompiler();
  createAdapter = () => new SqliteAdapter();
  createIntrospector: Dialect["createIntrospector"] = (db) => new SqliteIntrospector(db);
}

/** One connection, lent to one borrower at a time: a transaction holds it until it ends. */
class SqliteWorkerDriver implements Driver {
  readonly #file: string;
  #connection: WorkerConnection | null = null;
  #turn: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(file: string) {
    this.#file = file;
  }

  async init(): Promise<void> {
    this.#connection = new WorkerConnection(this.#file);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    this.#release = resolve;
    if (this.#connection === null) throw new RaasError("CLOSED", "the store is closed");
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(rawQuery("begin immediate"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(rawQuery("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(rawQuery("rollback"));
  }

  async destroy(): Promise<void> {
    await this.#connection?.close();
    this.#connection = null;
  }
}

function rawQuery(sql: string): CompiledQuery {
  return {
    sql,
    parameters: [],
    query: { kind: "RawNode", sqlFragments: [sql], parameters: [] } as never,
    queryId: { queryId: sql },
  };
}

class WorkerConnection implements DatabaseConnection {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #next = 1;
  #failure: RaasError | null = null;

  constructor(file: string) {
    this.#worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url), { workerData: { file } });
    this.#worker.on("message", (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      waiting?.resolve(reply);
    });
    this.#worker.on("error", (cause) =>
      this.#fail(new RaasError("STORE_FAILED", `the store failed: ${cause.message}`, { cause })),
    );
    this.#ended = new Promise((resolve) =>
      this.#worker.once("exit", () => {
        this.#fail(new RaasError("CLOSED", "the store is closed"));
        resolve();
      }),
    );
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows = [], changes, error } = await this.#ask({ sql, parameters });
    if (error !== undefined) {
      const unique = SQLITE_UNIQUE.has(error.errcode);
      throw new RaasError(unique ? "CONFLICT" : "STORE_FAILED", error.message, { details: { errcode: error.errcode } });
    }
    return { rows: rows as R[], ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }) };
  }

  // biome-ignore lint/correctness/useYield: nothing of ours streams rows; the interface asks for the method.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new RaasError("STORE_FAILED", "this store does not stream");
  }

  async close(): Promise<void> {
    this.#worker.postMessage("close");
    await this.#ended;
  }

  #ask(request: { readonly sql: string; readonly parameters: readonly unknown[] }): Promise<Reply> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...request });
    });
  }

  #fail(error: RaasError): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
