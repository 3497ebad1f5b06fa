import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StoryError } from "./errors.ts";

type Hex = `0x${string}`;

/** What `altlayer dev --json` prints. */
export interface DevReady {
  readonly endpoints: {
    readonly rpc: string;
    readonly ws: string;
    readonly l1: string;
    readonly beacon: string;
    readonly gossip: string | null;
  };
  readonly chains: { readonly l1: number; readonly l2: number };
  readonly accounts: readonly { readonly address: Hex; readonly privateKey: Hex }[];
  readonly addresses: Readonly<Record<string, Hex>>;
  readonly l2GenesisHash: Hex;
  readonly dataDir: string;
  readonly resumed: boolean;
  readonly clockBehindSeconds: number;
}

export interface DevChain {
  readonly ready: DevReady;
  readonly pid: number;
  /** As Ctrl-C does; resolves to the exit code. */
  stop(): Promise<number>;
  /** kill -9: nothing of ours gets a chance to tidy up. */
  kill(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL("../../../apps/cli/bin/altlayer.mjs", import.meta.url));
const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 45_000;

/** Runs the program itself, as `npm start -- --json` does, on free ports. */
export async function startDevChain(options: {
  readonly dataDir: string;
  readonly flags?: readonly string[];
}): Promise<DevChain> {
  const ports = ["rpc", "l1", "beacon", "metrics", "flashblocks"].flatMap((name) => [`--${name}-port`, "0"]);
  const args = [
    PROGRAM,
    "dev",
    "--json",
    "--data-dir",
    options.dataDir,
    ...ports,
    "--log-level",
    "warn",
    ...(options.flags ?? []),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code) => resolve(code ?? -1));
  });
  const ready = await readyOf(child, ended);
  return {
    ready,
    pid: child.pid ?? -1,
    stop: async () => {
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      const code = await ended;
      clearTimeout(timer);
      return code;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function readyOf(child: ChildProcess, ended: Promise<number>): Promise<DevReady> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    const fail = (reason: string) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new StoryError("DEV_DID_NOT_START", `${reason}\n${stdout}${stderr.slice(-4_000)}`));
    };
    const timer = setTimeout(() => fail(`not ready within ${READY_TIMEOUT_MS / 1000} s`), READY_TIMEOUT_MS);
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      if (!stdout.includes("\n")) return;
      const answer = JSON.parse(stdout.slice(0, stdout.indexOf("\n"))) as DevReady | { error: unknown };
      if ("error" in answer) return;
      clearTimeout(timer);
      resolve(answer);
    });
    void ended.then((code) => fail(`ended with exit code ${code}`));
  });
}

export function temporaryDataDir(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "altlayer-story-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
