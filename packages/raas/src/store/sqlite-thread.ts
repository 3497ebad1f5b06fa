import { Worker } from "node:worker_threads";
import { RaasError } from "../errors.ts";
import type { Reply, Request } from "./sqlite-worker.ts";

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** SQLite's codes for a broken unique or primary key. */
const UNIQUE = new Set([1555, 2067]);

/** A thread on which SQLite files are opened and asked. */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #nextDatabase = 1;
  #failure: RaasError | null = null;

  constructor() {
    this.#worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url));
    this.#worker.on("message", (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      waiting?.resolve(reply);
    });
    this.#worker.on("error", (cause) =>
      this.#fail(new RaasError("STORE_FAILED", `the store failed: ${cause.message}`, { cause })),
    );
    this.#worker.once("exit", () => this.#fail(new RaasError("CLOSED", "the store is closed")));
  }

  /** Returns the number by which the file is asked. @throws RaasError `STORE_FAILED` */
  async open(file: string): Promise<number> {
    const database = this.#nextDatabase++;
    await this.#ask({ kind: "open", database, file });
    return database;
  }

  async close(database: number): Promise<void> {
    await this.#ask({ kind: "close", database });
  }

  /** @throws RaasError `CONFLICT` for a broken unique key, `STORE_FAILED`, `CLOSED` */
  async query(database: number, sql: string, parameters: readonly unknown[]): Promise<Reply> {
    return await this.#ask({ kind: "query", database, sql, parameters: parameters as never });
  }

  /** Ends the thread; files that are open are closed by it. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(request: Without<Request, "id">): Promise<Reply> {
    if (this.#failure !== null) throw this.#failure;
    const id = this.#next++;
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...request });
    });
    if (reply.error === undefined) return reply;
    const { message, errcode } = reply.error;
    throw new RaasError(UNIQUE.has(errcode) ? "CONFLICT" : "STORE_FAILED", message, { details: { errcode } });
  }

  #fail(error: RaasError): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
