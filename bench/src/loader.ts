import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "./program.ts";
import { note } from "./progress.ts";
import type { AllocSpec, SignSpec } from "./workload.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Signed loads are kept between runs: they depend on nothing but what they are made of. */
const CACHE = join(tmpdir(), "altlayer-bench");

let built: Promise<string> | undefined;

/** Path of the loader, built on first use. */
function loader(): Promise<string> {
  built ??= (async () => {
    const args = [
      "build",
      "--release",
      "--locked",
      "-p",
      "altlayer-loader",
      "--manifest-path",
      join(ROOT, "Cargo.toml"),
    ];
    await runProgram("cargo", "cargo", args);
    const metadata = await runProgram("cargo", "cargo", [
      ...["metadata", "--no-deps", "--format-version", "1", "--manifest-path", join(ROOT, "Cargo.toml")],
    ]);
    const { target_directory: target } = JSON.parse(metadata) as { target_directory: string };
    return join(target, "release", "altlayer-loader");
  })();
  return built;
}

async function cached(command: "alloc" | "sign", spec: object): Promise<string> {
  const key = createHash("sha256")
    .update(JSON.stringify([command, spec]))
    .digest("hex")
    .slice(0, 24);
  const path = join(CACHE, `${key}.${command}`);
  // Built even if the load is there already: no bench should wait for the compiler while it measures.
  const program = await loader();
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const temporary = `${path}.${process.pid}`;
  note(`making the load: ${command}`);
  await runProgram("loader", program, [JSON.stringify({ command, path: temporary, ...spec })]);
  renameSync(temporary, path);
  return path;
}

/** A file with the genesis accounts: entries of `alloc`, without the braces around. */
export const allocFile = (spec: AllocSpec): Promise<string> => cached("alloc", spec);

/** A file with the signed transactions. */
export const signedFile = (spec: SignSpec): Promise<string> => cached("sign", spec);

export interface SendSpec {
  readonly path: string;
  readonly url: string;
  readonly connections: number;
  /** Transactions of a request. */
  readonly batch: number;
  /** Requests a second; absent: as fast as they are answered. */
  readonly rate?: number;
  readonly first?: number;
  readonly count: number;
  readonly sync?: boolean;
  readonly timeoutMs?: number;
}

export interface SendReport {
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly cpuMs: number;
  readonly latency: { readonly p50Ms: number; readonly p90Ms: number; readonly p99Ms: number; readonly maxMs: number };
}

/** Sends a signed load, in a process of its own. */
export async function send({ url, timeoutMs = 120_000, ...spec }: SendSpec): Promise<SendReport> {
  const host = new URL(url).host;
  const output = await runProgram("loader", await loader(), [
    JSON.stringify({ command: "send", host, timeoutMs, ...spec }),
  ]);
  return JSON.parse(output) as SendReport;
}
