import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/**
 * Runs anvil under a shell that holds the read end of a pipe from us. However we end, kill -9 included, the pipe closes
 * and the shell ends anvil in good order: anvil writes its state and no process stays behind. In a session of its own,
 * so that a terminal's Ctrl-C reaches us alone and we choose the order of the stop.
 */
const KEEPER = `exec 3<&0
"$@" </dev/null 3<&- & anvil=$!
( cat <&3 >/dev/null; kill -TERM $anvil ) & watch=$!
wait $anvil; code=$?
kill $watch 2>/dev/null
exit $code`;

const STOP_TIMEOUT_MS = 30_000;

export interface AnvilProcess {
  /** The keeper's process group. */
  readonly pid: number;
  readonly running: boolean;
  /** Resolves with the exit code when anvil has ended, for whatever reason. */
  readonly ended: Promise<number>;
  /** Ends anvil in good order and waits for it; it has written its state on return. */
  stop(): Promise<void>;
}

export function spawnAnvil(options: {
  readonly binary: string;
  readonly args: readonly string[];
  readonly logFile: string;
}): AnvilProcess {
  const log = openSync(options.logFile, "a", 0o600);
  let child: ChildProcess;
  try {
    child = spawn("/bin/sh", ["-c", KEEPER, "anvil-keeper", options.binary, ...options.args], {
      stdio: ["pipe", log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
  let running = true;
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", (code) => resolve(code ?? 1));
  }).then((code) => {
    running = false;
    return code;
  });
  child.stdin?.on("error", () => {});
  return {
    pid: child.pid ?? -1,
    get running() {
      return running;
    },
    ended,
    async stop() {
      child.stdin?.end();
      const timer = setTimeout(() => killGroup(child.pid), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
