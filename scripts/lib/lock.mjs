import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { TaskFailure } from "./failure.mjs";
import { interrupted } from "./process.mjs";

const POLL_MS = 300;

/** Start time of a process in clock ticks, so that a reused id is not taken for the holder. Linux only; else empty. */
function startedAt(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function alive(holder) {
  const [pid, started] = holder.trim().split(" ");
  if (!(Number(pid) > 0)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (error.code === "ESRCH") return false;
  }
  return !started || startedAt(pid) === started;
}

function tryTake(file, mine) {
  try {
    // A link of a complete file: nobody ever sees a lock without its holder's name in it.
    linkSync(mine, file);
    return undefined;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Removes the lock of a dead holder; if another process took it in between, its lock is put back. */
function removeDead(file, holder) {
  const aside = `${file}.dead-${process.pid}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, "utf8") !== holder) linkSync(aside, file);
  } catch {
    // Another process was faster; the next round sees what it left.
  }
  rmSync(aside, { force: true });
}

/**
 * Runs `work` while holding `file`; waits for another holder, steps over a dead one.
 * @template T @param {string} file @param {(holder: string) => void} onWait @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function withLock(file, onWait, work) {
  mkdirSync(path.dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${startedAt(process.pid)}`);
  let told = false;
  try {
    for (;;) {
      const holder = tryTake(file, mine);
      if (holder === undefined) break;
      if (holder !== "" && !alive(holder)) {
        removeDead(file, holder);
        continue;
      }
      if (!told) onWait(holder.split(" ")[0] ?? "");
      told = true;
      if (interrupted()) throw new TaskFailure("INTERRUPTED", "Interrupted while waiting.", { exitCode: 130 });
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    rmSync(mine, { force: true });
  }
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}
