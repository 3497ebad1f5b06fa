import { open, readFile, rm } from "node:fs/promises";
import { MachError } from "../errors.ts";

/**
 * Takes a lock file that names this process; of a process that is gone it is taken over. Wrong only on the safe side:
 * where another process got the old number, the lock counts as held.
 * @returns what gives it back. @throws MachError `JOURNAL_LOCKED`
 */
export async function takeLock(file: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(file, "utf8").catch(() => ""));
    if (!isGone(holder)) break;
    await rm(file, { force: true });
  }
  throw new MachError("JOURNAL_LOCKED", "another process has the signing journal open: stop it first", { file });
}

function isGone(pid: number): boolean {
  // A lock that is being written names nobody yet: held.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
