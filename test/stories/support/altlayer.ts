import { execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { StoryError } from "./errors.ts";

export const PROGRAM = fileURLToPath(new URL("../../../apps/cli/bin/altlayer.mjs", import.meta.url));
const TIMEOUT_MS = 120_000;

/** Runs one command to its end and returns its JSON answer. */
export function altlayer<T>(...args: string[]): Promise<T> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [PROGRAM, ...args, "--json"], { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error) reject(new StoryError("PROGRAM_FAILED", `altlayer ${args[0]}: ${stdout}${stderr}`));
      else resolve(JSON.parse(stdout) as T);
    });
  });
}

export interface Running<T> {
  readonly ready: T;
  stop(): Promise<number>;
}

/** Starts a command that goes on until a signal, and waits for its JSON answer. */
export function runAltlayer<T>(...args: string[]): Promise<Running<T>> {
  const child = spawn(process.execPath, [PROGRAM, ...args, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code) => resolve(code ?? -1));
  });
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = () =>
      reject(new StoryError("PROGRAM_FAILED", `altlayer ${args[0]} did not get ready: ${output.slice(-4_000)}`));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail();
    }, TIMEOUT_MS);
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
    let answer = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      answer += chunk;
      if (!answer.includes("\n")) return;
      clearTimeout(timer);
      resolve({
        ready: JSON.parse(answer.slice(0, answer.indexOf("\n"))) as T,
        stop: () => {
          child.kill("SIGINT");
          return ended;
        },
      });
    });
    void ended.then(() => {
      clearTimeout(timer);
      output += answer;
      fail();
    });
  });
}
