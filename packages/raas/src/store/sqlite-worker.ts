import { DatabaseSync } from "node:sqlite";
import { parentPort } from "node:worker_threads";

/**
 * SQLite on a thread of its own: its calls block, and the event loop that serves people must not. One statement at a
 * time, in the order of the messages; one thread serves several files.
 */
export type Request =
  | { readonly id: number; readonly kind: "open"; readonly database: number; readonly file: string }
  | { readonly id: number; readonly kind: "close"; readonly database: number }
  | {
      readonly id: number;
      readonly kind: "query";
      readonly database: number;
      readonly sql: string;
      readonly parameters: readonly (string | number | bigint | null | Uint8Array)[];
    };

export interface Reply {
  readonly id: number;
  readonly rows?: readonly unknown[];
  readonly changes?: number;
  readonly error?: { readonly message: string; readonly errcode: number };
}

interface Open {
  readonly database: DatabaseSync;
  readonly statements: Map<string, ReturnType<DatabaseSync["prepare"]>>;
}

const STATEMENTS_MAX = 256;
// WAL with FULL: a commit that was answered survives a loss of power, and readers do not wait.
const SETTINGS =
  "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000; pragma cache_size = -4000";
const open = new Map<number, Open>();

function prepare({ database, statements }: Open, sql: string) {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  if (statements.size >= STATEMENTS_MAX) statements.clear();
  const statement = database.prepare(sql);
  statements.set(sql, statement);
  return statement;
}

function perform(request: Request): Omit<Reply, "id"> {
  if (request.kind === "open") {
    const database = new DatabaseSync(request.file);
    database.exec(SETTINGS);
    open.set(request.database, { database, statements: new Map() });
    return {};
  }
  const entry = open.get(request.database);
  if (request.kind === "close") {
    open.delete(request.database);
    entry?.database.close();
    return {};
  }
  if (entry === undefined) return { error: { message: "the database is not open", errcode: 0 } };
  const statement = prepare(entry, request.sql);
  // A statement without columns writes: `run` tells how many rows.
  if (statement.columns().length > 0) return { rows: statement.all(...request.parameters) };
  return { rows: [], changes: Number(statement.run(...request.parameters).changes) };
}

parentPort?.on("message", (request: Request) => {
  try {
    parentPort?.postMessage({ id: request.id, ...perform(request) } satisfies Reply);
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    parentPort?.postMessage({ id: request.id, error: { message, errcode: errcode ?? 0 } } satisfies Reply);
  }
});
