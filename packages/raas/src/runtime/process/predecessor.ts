import { readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { writeDurably } from "@altlayer/rollup";
import { z } from "zod";

const schema = z.object({ host: z.string(), pid: z.number().int().positive(), start: z.string() });
type Identity = z.output<typeof schema>;

const POLL_MS = 50;

/** Records which process runs a group now. */
export async function recordProcess(file: string, pid: number): Promise<void> {
  await writeDurably(file, JSON.stringify({ host: hostname(), pid, start: await startOf(pid) } satisfies Identity));
}

/**
 * Waits until the process that ran a group before has ended, and kills it when it does not: the process of a control
 * plane that died ends by itself, unless it hangs. Without it two nodes of one chain could be meant to run; the locks of
 * their data directories are the last line of defence, not the first.
 * @returns whether it had to be killed.
 */
export async function awaitPredecessor(
  file: string,
  { graceMs, signal }: { readonly graceMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const identity = await read(file);
  // Of another machine: only the locks and the lease can tell.
  if (identity === null || identity.host !== hostname()) return false;
  const deadline = performance.now() + graceMs;
  let killed = false;
  while (await isAlive(identity)) {
    if (!killed && performance.now() > deadline) {
      kill(identity.pid);
      killed = true;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
  await rm(file, { force: true });
  return killed;
}

/** A process id is used again after a while: its start time tells it from a stranger. */
async function isAlive({ pid, start }: Identity): Promise<boolean> {
  return start !== "" && (await startOf(pid)) === start;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** State and start time in the kernel's ticks; empty for a process that is not there, or has ended and is not reaped. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // After the name, which may hold anything: state, then nineteen fields further the start.
  const fields = text.slice(text.lastIndexOf(") ") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? "");
}

async function read(file: string): Promise<Identity | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Torn by a crash: its writer and that one's child are gone, and the locks watch over the rest.
    return null;
  }
}
