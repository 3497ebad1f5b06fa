import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/**
 * SQLite on a thread of its own: its calls block, and the event loop that serves people must not. One statement at a
 * time, in the order of the messages.
 */
interface Request {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly (string | number | bigint | null)[];
}

const STATEMENTS_MAX = 256;

const { file } = workerData as { readonly file: string };
const database = new DatabaseSync(file);
// WAL with FULL: a commit that was answered survives a loss of power, and readers do not wait.
database.exec(
  "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000",
);
const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

function prepare(sql: string) {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  if (statements.size >= STATEMENTS_MAX) statements.clear();
  const statement = database.prepare(sql);
  statements.set(sql, statement);
  return statement;
}

parentPort?.on("message", (message: Request | "close") => {
  if (message === "close") {
    database.close();
    parentPort?.postMessage({ id: 0 });
    parentPort?.close();
    return;
  }
  const { id, sql, parameters } = message;
  try {
    const statement = prepare(sql);
    // A statement without columns writes: `run` tells how many rows.
    if (statement.columns().length > 0) parentPort?.postMessage({ id, rows: statement.all(...parameters) });
    else {
      const { changes } = statement.run(...parameters);
      parentPort?.postMessage({ id, rows: [], changes: Number(changes) });
    }
  } catch (error) {
    const { message: text, errcode } = error as Error & { errcode?: number };
    parentPort?.postMessage({ id, error: { message: text, errcode: errcode ?? 0 } });
  }
});
