import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchError } from "./errors.ts";

/** A program that runs beside the bench. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  /** The end of what it printed. */
  log(): string;
  exited(): boolean;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const LOG_CHARACTERS = 100_000;
const STOP_TIMEOUT_MS = 30_000;
const started = new Set<ChildProcess>();

// An interrupted bench leaves nothing behind.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of started) child.kill("SIGKILL");
    process.exit(130);
  });
}
process.once("exit", () => {
  for (const child of started) child.kill("SIGKILL");
});

export function startProgram(
  name: string,
  path: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv } = {},
): Program {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...options.env } });
  started.add(child);
  let log = "";
  let exited = false;
  const collect = (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-LOG_CHARACTERS);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const exit = new Promise<void>((resolve) => {
    const end = (error?: unknown) => {
      if (error instanceof Error) log += error.message;
      exited = true;
      started.delete(child);
      resolve();
    };
    child.once("close", () => end());
    child.once("error", end);
  });
  return {
    name,
    pid: child.pid ?? 0,
    log: () => log,
    exited: () => exited,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await exit;
      clearTimeout(timer);
    },
  };
}

/** Runs a program to its end and resolves with what it printed. @throws BenchError `PROGRAM_FAILED` */
export async function runProgram(name: string, path: string, args: readonly string[]): Promise<string> {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  started.add(child);
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-LOG_CHARACTERS);
  });
  const code = await new Promise<number | string | null>((resolve) => {
    child.once("close", (exitCode, signal) => resolve(exitCode ?? signal));
    child.once("error", (error) => resolve(error.message));
  });
  started.delete(child);
  if (code !== 0) throw new BenchError("PROGRAM_FAILED", `${name} ended with ${code}:\n${errors.slice(-3_000)}`);
  return output;
}

/** Polls until `condition` gives a value; errors in it count as "not yet". */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined>,
  options: { readonly timeoutMs?: number; readonly pollMs?: number; readonly program?: Program } = {},
): Promise<T> {
  const { timeoutMs = 120_000, pollMs = 50, program } = options;
  const deadline = performance.now() + timeoutMs;
  let last = "";
  for (;;) {
    const value = await condition().catch((error: unknown) => {
      last = String(error);
      return undefined;
    });
    if (value !== undefined) return value;
    if (program?.exited()) throw new BenchError("PROGRAM_FAILED", `${program.name} ended:\n${program.log()}`);
    if (performance.now() > deadline) {
      throw new BenchError(
        "TIMEOUT",
        `${what}: not within ${timeoutMs} ms. ${last}\n${program?.log().slice(-3_000) ?? ""}`,
      );
    }
    await sleep(pollMs);
  }
}

/** A port that is free now. */
export const freePort = (): Promise<number> => portOf(0);

/** Below the ports that systems give to outgoing connections: such a connection can take another free port at any time. */
const LISTEN_PORTS = { from: 20_000, count: 12_000 };

/** Ports that are free now, for programs that must know of each other before they listen. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let at = randomInt(LISTEN_PORTS.count), tried = 0; ports.length < count; at++, tried++) {
    if (tried === LISTEN_PORTS.count) throw new BenchError("PROGRAM_FAILED", `there are no ${count} free ports`);
    const port = await portOf(LISTEN_PORTS.from + (at % LISTEN_PORTS.count)).catch(() => null);
    if (port !== null) ports.push(port);
  }
  return ports;
}

function portOf(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
