import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CONSOLE_FILES } from "../../../src/index.ts";
import { StoryError } from "./errors.ts";

/** What `altlayer platform --json` prints. */
export interface PlatformReady {
  readonly url: string;
  readonly signInUrl: string;
  readonly l1: string;
  /** RPC of the first rollup. */
  readonly rollup: string;
}

/** What `altlayer dev --json` prints. */
export interface ChainReady {
  readonly endpoints: { readonly rpc: string; readonly l1: string; readonly gossip: string };
  readonly addresses: Readonly<Record<string, string>>;
}

interface Started {
  readonly dataDir: string;
  stop(): Promise<void>;
}

export type TestPlatform = PlatformReady & Started;

const PROGRAM = fileURLToPath(new URL("../../../../cli/bin/altlayer.mjs", import.meta.url));
const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;

/** The program itself, as a user starts it: development L1, control plane, first rollup, and the console as built. */
export const startPlatform = (...more: readonly string[]): Promise<TestPlatform> => {
  const ports = ["--port", "0", "--l1-port", "0", "--beacon-port", "0"];
  return startProgram<PlatformReady>("platform", "--console-dir", CONSOLE_FILES, ...ports, ...more);
};

/** A chain of somebody else: a development L1 and a rollup on it, whose followers hear of its blocks. */
export const startChain = (...more: readonly string[]): Promise<ChainReady & Started> => {
  const ports = ["rpc", "l1", "beacon", "metrics", "flashblocks", "gossip"].flatMap((name) => [`--${name}-port`, "0"]);
  return startProgram<ChainReady>("dev", ...ports, ...more);
};

async function startProgram<Ready>(command: string, ...args: readonly string[]): Promise<Ready & Started> {
  const dataDir = mkdtempSync(join(tmpdir(), "altlayer-console-"));
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", PROGRAM, command, "--json", "--data-dir", dataDir, ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let answer = "";
  let noise = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    noise = (noise + chunk).slice(-4_000);
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    const fail = (why: string) => {
      child.kill("SIGKILL");
      reject(new StoryError("PLATFORM_FAILED", `altlayer ${command} ${why}: ${answer}${noise}`));
    };
    const timer = setTimeout(() => fail("did not get ready"), READY_TIMEOUT_MS);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      answer += chunk;
      if (!answer.includes("\n")) return;
      clearTimeout(timer);
      resolve(JSON.parse(answer.slice(0, answer.indexOf("\n"))) as Ready);
    });
    void ended.then(() => fail("ended"));
  });
  return {
    ...ready,
    dataDir,
    stop: async () => {
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
