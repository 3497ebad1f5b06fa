import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { TaskFailure } from "./failure.mjs";
import { ROOT } from "./paths.mjs";

const STOP_GRACE_MS = 5_000;
const TAIL_LINES = 40;

/** Live children, so that an interrupt reaches each of them and none outlives us. */
const children = new Set();
let interruptedBy;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (interruptedBy !== undefined) return;
    interruptedBy = signal;
    for (const child of children) child.kill(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
    if (children.size === 0) process.exit(exitCodeOf(null, signal));
    setTimeout(() => {
      for (const child of children) child.kill("SIGKILL");
    }, STOP_GRACE_MS).unref();
  });
}

export const interrupted = () => interruptedBy !== undefined;

function exitCodeOf(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 1);
}

/**
 * Runs a program with our terminal and resolves to its exit code. How to end on a signal is the program's decision: it
 * gets each one (from the terminal or from here, so possibly twice) and we wait.
 */
export function runAttached(command, args, { cwd = ROOT, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.removeAllListeners(signal).on(signal, () => child.kill(signal));
    }
    child.once("error", (error) =>
      reject(new TaskFailure("CANNOT_START", `Cannot start ${command}: ${error.message}`)),
    );
    child.once("exit", (code, signal) => resolve(exitCodeOf(code, signal)));
  });
}

/**
 * Runs a program, shows its output as it comes and hands each line to `onLine` as well. Resolves to the exit code;
 * a program that runs longer than `timeoutMs` is killed and counts as failed.
 */
export function runShown(command, args, { cwd = ROOT, env = process.env, onLine = () => {}, timeoutMs }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    children.add(child);
    const timer = setTimeout(() => {
      process.stderr.write(`${command} has run for ${timeoutMs / 60_000} minutes: stopped.\n`);
      child.kill("SIGKILL");
    }, timeoutMs);
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      let rest = "";
      from.setEncoding("utf8").on("data", (chunk) => {
        to.write(chunk);
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine(stripVTControlCharacters(line));
      });
    }
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new TaskFailure("CANNOT_START", `Cannot start ${command}: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      children.delete(child);
      if (interruptedBy !== undefined) process.exit(exitCodeOf(null, interruptedBy));
      resolve(exitCodeOf(code, signal));
    });
  });
}

/**
 * Runs a program quietly: each line goes to `onLine` and, with `logFile`, to a file.
 * Rejects with a TaskFailure that carries the last lines when the program fails.
 */
export function runQuietly(command, args, { cwd = ROOT, env = process.env, logFile, onLine = () => {}, what }) {
  return new Promise((resolve, reject) => {
    if (logFile) mkdirSync(path.dirname(logFile), { recursive: true });
    const log = logFile ? createWriteStream(logFile) : undefined;
    const tail = [];
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    children.add(child);
    let rest = "";
    const take = (chunk) => {
      log?.write(chunk);
      const lines = (rest + chunk).split(/\r?\n|\r/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.trim() === "") continue;
        tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
        onLine(line);
      }
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", take);
    const finish = (failure) => {
      children.delete(child);
      log?.end();
      if (failure) reject(failure);
      else resolve(undefined);
    };
    child.once("error", (error) =>
      finish(new TaskFailure("CANNOT_START", `Cannot start ${command}: ${error.message}`)),
    );
    child.once("close", (code, signal) => {
      if (rest.trim() !== "") tail.push(rest);
      if (interruptedBy !== undefined) {
        finish(
          new TaskFailure("INTERRUPTED", `${what} was interrupted.`, { exitCode: exitCodeOf(null, interruptedBy) }),
        );
      } else if (code === 0) finish();
      else {
        const where = logFile ? `\nThe whole output is in ${path.relative(process.cwd(), logFile)}.` : "";
        finish(
          new TaskFailure("STEP_FAILED", `${what} failed (${signal ?? `exit code ${code}`}).${where}`, {
            log: tail.join("\n"),
          }),
        );
      }
    });
  });
}

/** First line of what a program prints, or undefined when it is absent or fails. */
export function probe(command, args) {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", timeout: 30_000 });
  return result.status === 0 ? result.stdout.trim() : undefined;
}
