import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { StockError } from "./errors.ts";

/** A running program, with the end of its output for error messages. */
export interface Program {
  readonly name: string;
  log(): string;
  exited(): boolean;
  stop(): Promise<void>;
}

const LOG_CHARACTERS = 200_000;
const STOP_TIMEOUT_MS = 15_000;

export function startProgram(name: string, path: string, args: readonly string[]): Program {
  const child: ChildProcess = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  let exited = false;
  const collect = (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-LOG_CHARACTERS);
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const exit = new Promise<void>((resolve) => {
    const end = () => {
      exited = true;
      resolve();
    };
    child.once("exit", end);
    child.once("error", (error) => {
      log += error.message;
      end();
    });
  });
  return {
    name,
    log: () => log,
    exited: () => exited,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await exit;
      clearTimeout(timer);
    },
  };
}

/** Runs a program to its end. */
export async function runProgram(name: string, path: string, args: readonly string[]): Promise<string> {
  let log = "";
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  child.stdout.on("data", (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("exit", resolve);
    child.once("error", reject);
  });
  if (code !== 0) throw new StockError("START_FAILED", `${name} ended with ${code}:\n${log.slice(-4000)}`);
  return log;
}

/** Polls until `condition` gives a value; errors in it count as "not yet". */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined>,
  { timeoutMs = 60_000, programs = [] }: { timeoutMs?: number; programs?: readonly Program[] } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let lastError = "";
  for (;;) {
    const value = await condition().catch((error: unknown) => {
      lastError = String(error);
      return undefined;
    });
    if (value !== undefined) return value;
    const dead = programs.find((program) => program.exited());
    if (dead !== undefined) throw new StockError("START_FAILED", `${dead.name} ended:\n${dead.log().slice(-4000)}`);
    if (Date.now() > deadline) {
      const logs = programs.map((program) => `--- ${program.name}\n${program.log().slice(-3000)}`).join("\n");
      throw new StockError("TIMEOUT", `${what}: not within ${timeoutMs} ms. ${lastError}\n${logs}`, { what });
    }
    await sleep(100);
  }
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** One JSON-RPC call. */
export async function call<T>(
  url: string,
  method: string,
  params: readonly unknown[] = [],
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(15_000),
  });
  const body = (await response.json()) as { result?: T; error?: { code: number; message: string } };
  if (body.error !== undefined)
    throw new StockError("RPC_FAILED", `${method}: ${body.error.message}`, { method, ...body.error });
  return body.result as T;
}
