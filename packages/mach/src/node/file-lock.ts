import { DatabaseSync } from "node:sqlite";
import { MachError } from "../errors.ts";

/** SQLite's codes: another one holds the file; it is none of SQLite's. */
const BUSY = 5;
const NOT_A_DATABASE = 26;

/**
 * Locks a file for this process by the kernel's own lock, which ends with the process, however that ends: none is left
 * behind by a crash, and none is taken for dead that is alive in another container. Node has no call for it, SQLite does.
 * The empty file stays. On a network file system it is as good as that one's locks.
 * @returns what gives it back. @throws MachError `JOURNAL_LOCKED`
 */
export function takeLock(file: string): () => void {
  const database = new DatabaseSync(file);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    const { errcode } = error as { readonly errcode?: number };
    if (errcode !== BUSY && errcode !== NOT_A_DATABASE) throw error;
    throw new MachError("JOURNAL_LOCKED", "another process has the signing journal open: stop it first", { file });
  }
  return () => database.close();
}
