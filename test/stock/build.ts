import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StockError } from "./errors.ts";

/** The programs that serve as oracle: what they are built from stands in `go/`, pinned by its go.mod and go.sum. */
const PROGRAMS = {
  "op-geth": { module: "op", package: "github.com/ethereum/go-ethereum/cmd/geth" },
  "op-node": { module: "op", package: "github.com/ethereum-optimism/optimism/op-node/cmd" },
  "op-batcher": { module: "op", package: "github.com/ethereum-optimism/optimism/op-batcher/cmd" },
  derive: { module: "op", package: "./derive" },
  geth: { module: "geth", package: "github.com/ethereum/go-ethereum/cmd/geth" },
} as const;

export type StockProgram = keyof typeof PROGRAMS;

const GO_DIRECTORY = fileURLToPath(new URL("./go/", import.meta.url));
const DEFAULT_CACHE = fileURLToPath(new URL("../../.altlayer/stock/", import.meta.url));
const BUILD_TIMEOUT_MS = 20 * 60_000;

/**
 * Path of a stock program, built on first need and kept in `ALTLAYER_STOCK_DIR` (default `.altlayer/stock`).
 * @throws StockError `GO_MISSING` without a Go installation, `BUILD_FAILED` with the end of the compiler's output.
 */
export async function stockProgram(program: StockProgram): Promise<string> {
  const cache = process.env.ALTLAYER_STOCK_DIR ?? DEFAULT_CACHE;
  await mkdir(cache, { recursive: true });
  const { module, package: target } = PROGRAMS[program];
  const directory = join(GO_DIRECTORY, module);
  const hash = createHash("sha256")
    .update(await readFile(join(directory, "go.mod")))
    .update(await readFile(join(directory, "go.sum")));
  if (target.startsWith("./")) hash.update(await readFile(join(directory, target, "main.go")));
  const stamp = hash.digest("hex");
  const path = join(cache, program);
  const stampPath = `${path}.stamp`;
  if ((await readFile(stampPath, "utf8").catch(() => undefined)) === stamp) return path;
  const temporary = `${path}.${process.pid}`;
  await goBuild(directory, target, temporary, program);
  await rename(temporary, path);
  await writeFile(stampPath, stamp);
  return path;
}

/** Whether the stock programs can be had at all. */
export function goIsInstalled(): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn("go", ["version"], { stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

function goBuild(directory: string, target: string, output: string, program: StockProgram): Promise<void> {
  return new Promise((resolve, reject) => {
    // Two compilers at once, at low priority: the build shares the machine with tests.
    const child = spawn("nice", ["-n", "10", "go", "build", "-p", "2", "-o", output, target], {
      cwd: directory,
      env: { ...process.env, GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local", GOMAXPROCS: "2" },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: BUILD_TIMEOUT_MS,
    });
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
    });
    child.once("error", (cause) =>
      reject(new StockError("GO_MISSING", `go cannot run: install Go 1.24 or newer (${cause.message})`)),
    );
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new StockError("BUILD_FAILED", `${program} did not build:\n${log}`, { program }));
    });
  });
}
