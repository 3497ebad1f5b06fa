import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError } from "../errors.ts";

/** The places inside a development chain's data directory. */
export interface DataDir {
  readonly root: string;
  readonly l1: string;
  readonly rollup: string;
  readonly log: string;
  /** What the deployment made: parameters, addresses, anchor. Present once both chains exist. */
  readonly chain: string;
  release(): void;
}

const LOCK = "lock";

/**
 * Opens (or creates) the directory for this process alone; `fresh` empties it first.
 * @throws CliError `DATA_DIR_IN_USE` while another process holds it.
 */
export function openDataDir(options: { readonly path: string; readonly fresh: boolean }): DataDir {
  const root = resolve(options.path);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const lock = join(root, LOCK);
  takeLock(lock, root);
  if (options.fresh) {
    const chain = ["chain.json", "restaking.json", "mach.json"];
    for (const name of [...chain, "l1", "rollup", "operators", "dev.log", "platform"])
      rmSync(join(root, name), { recursive: true, force: true });
  }
  const release = () => {
    process.removeListener("exit", release);
    rmSync(lock, { force: true });
  };
  process.on("exit", release);
  const l1 = join(root, "l1");
  const rollup = join(root, "rollup");
  for (const folder of [l1, rollup]) mkdirSync(folder, { recursive: true });
  return { root, l1, rollup, log: join(root, "dev.log"), chain: join(root, "chain.json"), release };
}

function takeLock(lock: string, root: string): void {
  const mine = `${lock}.${process.pid}`;
  const identity = `${process.pid} ${startOf(process.pid)}`;
  writeFileSync(mine, identity, { mode: 0o600 });
  try {
    for (;;) {
      try {
        // A link of a complete file: nobody sees a lock without its holder's name.
        linkSync(mine, lock);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = read(lock);
      if (holder === undefined) continue;
      if (isAlive(holder)) {
        const pid = Number(holder.split(" ")[0]);
        throw new CliError(
          "DATA_DIR_IN_USE",
          `${root} is in use by process ${pid}: stop it, or run beside it with another --data-dir`,
          { data: { dataDir: root, pid } },
        );
      }
      removeDead(lock, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Renamed before it is removed: if another process took the lock in between, it gets it back. */
function removeDead(lock: string, holder: string): void {
  const aside = `${lock}.dead-${process.pid}`;
  try {
    renameSync(lock, aside);
    if (read(aside) !== holder) linkSync(aside, lock);
  } catch {
    // Another process was faster; the next round sees what it left.
  }
  rmSync(aside, { force: true });
}

function isAlive(holder: string): boolean {
  const [pid, start] = holder.split(" ");
  if (!(Number(pid) > 0)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  // A process id is used again after a while; the start time tells the holder from a stranger.
  return start === undefined || start === "" || startOf(Number(pid)) === start;
}

/** Start time in the kernel's ticks where there is /proc, else empty. */
function startOf(pid: number): string {
  return read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ")[19] ?? "";
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
