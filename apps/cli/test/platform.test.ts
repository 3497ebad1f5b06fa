import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exampleSpec } from "@altlayer/raas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const READY_TIMEOUT_MS = 60_000;

let folder: string;
const processes: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "altlayer-platform-"));
});

afterAll(async () => {
  for (const child of processes) await ended(child, "SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

interface Ready {
  readonly url: string;
  readonly signInUrl: string;
  readonly l1: string;
  readonly rollup: string;
}

function start(): { readonly child: ChildProcess; readonly ready: Promise<Ready> } {
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      MAIN,
      "platform",
      "--data-dir",
      folder,
      "--json",
      "--port",
      "0",
      "--l1-port",
      "0",
      "--beacon-port",
      "0",
      "--l1-block-time",
      "1",
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  processes.push(child);
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ready = new Promise<Ready>((resolve, reject) => {
    const timer = setTimeout(() => reject(new TypeError(`not ready: ${output}`)), READY_TIMEOUT_MS);
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const line = output.split("\n").find((text) => text.startsWith("{"));
      if (line === undefined || !output.includes("\n")) return;
      clearTimeout(timer);
      resolve(JSON.parse(line) as Ready);
    });
    child.once("exit", (code) => reject(new TypeError(`ended with ${code}: ${output}`)));
  });
  ready.catch(() => {});
  return { child, ready };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

function altlayer(...args: string[]): Promise<{ readonly code: number; readonly json: unknown }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", MAIN, ...args, "--data-dir", folder, "--json"],
      { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout) => {
        const code = error === null ? 0 : Number((error as { code?: number }).code ?? -1);
        resolve({ code, json: stdout.trim() === "" ? null : JSON.parse(stdout.trim().split("\n").at(-1) ?? "null") });
      },
    );
  });
}

/** Kills the platform once its API answers and the launch has come to some step. */
async function killDuringLaunch(stepsDone: number): Promise<void> {
  const { child } = start();
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const { code, json } = await altlayer("show", "first-rollup");
    const steps = code === 0 ? (json as { steps: { status: string }[] }).steps : [];
    if (steps.filter(({ status }) => status === "done").length >= stepsDone) break;
    expect(performance.now()).toBeLessThan(deadline);
  }
  await ended(child, "SIGKILL");
}

describe("the platform", () => {
  test("is killed at its first launch, twice, and comes up with the rollup all the same", async () => {
    await killDuringLaunch(0);
    await killDuringLaunch(1);
    const { ready } = start();
    const { url, signInUrl, rollup } = await ready;
    expect(signInUrl.startsWith(`${url}/#sign-in=`)).toBe(true);
    const response = await fetch(rollup, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    });
    expect(((await response.json()) as { result: string }).result).toBe("0xa455");
  }, 150_000);

  test("launches a second rollup from a file, plans and refuses changes, and stops it", async () => {
    const file = join(folder, "second.json");
    const spec = { ...exampleSpec(), name: "second-rollup" };
    writeFileSync(file, JSON.stringify(spec));
    const plan = await altlayer("plan", "-f", file);
    expect([plan.code, (plan.json as { base: number | null }).base]).toEqual([0, null]);
    const applied = await altlayer("apply", "-f", file);
    expect([applied.code, applied.json]).toMatchObject([0, { name: "second-rollup", phase: "running", revision: 1 }]);
    expect((await altlayer("apply", "-f", file)).json).toMatchObject({ phase: "running", revision: 1 });

    writeFileSync(file, JSON.stringify({ ...spec, chain: { chainId: 77_777, blockTimeSeconds: 1 } }));
    const refused = await altlayer("plan", "-f", file);
    expect([refused.code, (refused.json as { refused: boolean }).refused]).toEqual([1, true]);
    const failed = await altlayer("apply", "-f", file);
    expect(failed.json).toMatchObject({ error: { code: "CHANGE_REFUSED" } });

    writeFileSync(file, "name: [");
    expect((await altlayer("plan", "-f", file)).json).toMatchObject({ error: { code: "SPEC_INVALID" } });

    const listed = (await altlayer("list")).json as { name: string; phase: string }[];
    expect(listed.map(({ name, phase }) => `${name} ${phase}`)).toEqual([
      "second-rollup running",
      "first-rollup running",
    ]);
    const lines = await altlayer("logs", "second-rollup");
    expect(lines.json).toMatchObject({ level: expect.any(String), message: expect.any(String) });
    expect((await altlayer("stop", "second-rollup")).json).toMatchObject({ phase: "stopped", endpoints: null });
    expect((await altlayer("show", "no-such-rollup")).json).toMatchObject({ error: { code: "ROLLUP_NOT_FOUND" } });
    expect((await altlayer("destroy", "second-rollup", "--confirm", "second-rollup")).code).toBe(0);
  }, 120_000);
});
