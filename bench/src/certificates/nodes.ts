import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { BenchError } from "../errors.ts";
import type { Answer, NodeStatus, Recorded, Request } from "./messages.ts";

const SCRIPT = fileURLToPath(new URL("./node-process.ts", import.meta.url));
const START_TIMEOUT_MS = 120_000;
const ANSWER_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

/** Rollup nodes in a process of their own. */
export interface Nodes {
  readonly pid: number;
  status(): Promise<readonly NodeStatus[]>;
  recorded(): Promise<Recorded>;
  stop(): Promise<void>;
}

/** Resolves when all of them run. @throws BenchError `PROGRAM_FAILED`, `TIMEOUT` */
export async function startNodes(
  configFiles: readonly string[],
  { record = false }: { readonly record?: boolean } = {},
): Promise<Nodes> {
  const child = fork(SCRIPT, [JSON.stringify({ configFiles, record })], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const ended = Promise.withResolvers<never>();
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.once("error", ended.reject);
  child.once("exit", (code, signal) =>
    ended.reject(new BenchError("PROGRAM_FAILED", `a process of nodes ended with ${code ?? signal}`)),
  );
  // Told to whoever waits for an answer.
  ended.promise.catch(() => {});
  const answer = async (timeoutMs: number): Promise<Answer> => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeoutMs);
    try {
      const [message] = (await Promise.race([once(child, "message", { signal: stop.signal }), ended.promise])) as [
        Answer,
      ];
      return message;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      throw new BenchError("TIMEOUT", `a process of nodes did not answer within ${timeoutMs} ms`);
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  };
  // One request at a time: answers do not say what they answer.
  const ask = (request: Request) => {
    child.send(request);
    return answer(ANSWER_TIMEOUT_MS);
  };
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    await answer(START_TIMEOUT_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    status: async () => (await ask("status")) as readonly NodeStatus[],
    recorded: async () => (await ask("recorded")) as Recorded,
    stop,
  };
}
