import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { exampleSpec } from "@altlayer/raas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
const READY_TIMEOUT_MS = 120_000;

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
  readonly chains: { readonly l1: number; readonly l2: number };
  readonly accounts: readonly { readonly address: string; readonly privateKey: `0x${string}` }[];
  readonly mach: { readonly operators: readonly string[] } | null;
  readonly resumed: boolean;
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
      ...["--beacon-port", "0", "--rpc-port", "0", "--flashblocks-port", "0"],
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

interface Step {
  readonly name: string;
  readonly status: string;
}

/** Steps of the first rollup as the API tells them; none while it does not answer. */
async function firstSteps(): Promise<readonly Step[]> {
  try {
    const text = readFileSync(join(folder, "platform", "local-access.json"), "utf8");
    const { url, token } = JSON.parse(text) as { url: string; token: string };
    const ask = async <T>(path: string): Promise<T> => {
      const response = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
      if (!response.ok) throw new TypeError(`HTTP ${response.status}`);
      return (await response.json()) as T;
    };
    const teams = await ask<{ items: { id: string }[] }>("/teams");
    const rollups = `/teams/${teams.items[0]!.id}/rollups`;
    const { items } = await ask<{ items: { id: string }[] }>(rollups);
    return (await ask<{ items: Step[] }>(`${rollups}/${items.at(-1)!.id}/steps`)).items;
  } catch {
    return [];
  }
}

/** kill -9 of the platform once the launch has come so far; its L1 is its child and ends with it. */
async function killWhen(farEnough: (steps: readonly Step[]) => boolean): Promise<void> {
  const { child, ready } = start();
  let done = false;
  void ready
    .finally(() => {
      done = true;
    })
    .catch(() => {});
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!farEnough(await firstSteps())) {
    expect(performance.now()).toBeLessThan(deadline);
    expect(done, "the launch was through before it could be cut off").toBe(false);
    await sleep(10);
  }
  await ended(child, "SIGKILL");
}

async function rpc<T>(url: string, method: string, ...params: unknown[]): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return ((await response.json()) as { result: T }).result;
}

/** Number of the highest certified block, once it is at least that. */
async function certifiedFrom(url: string, number: number): Promise<number> {
  for (const end = performance.now() + READY_TIMEOUT_MS; performance.now() < end; await sleep(50)) {
    const head = await rpc<{ certified: { number: string } | null }>(url, "mach_getHead").catch(() => null);
    if (head?.certified != null && Number(head.certified.number) >= number) return Number(head.certified.number);
  }
  throw new TypeError(`no certificate of block ${number} or above`);
}

/** What the L1 holds of all services of the network, by the file of each rollup. */
function coresOf(): readonly string[] {
  const rollups = join(folder, "platform", "rollups");
  return readdirSync(rollups).map((id) => {
    const file = JSON.parse(readFileSync(join(rollups, id, "restaking", "mach.json"), "utf8")) as { core: object };
    return JSON.stringify(file.core);
  });
}

describe("the platform", () => {
  test("is killed with its L1 at its first launch, also while it restakes, and comes up restaked all the same", async () => {
    const status = (steps: readonly Step[], name: string) => steps.find((step) => step.name === name)?.status;
    await killWhen((steps) => steps.length > 0);
    await killWhen((steps) => status(steps, "contracts") === "running");
    await killWhen((steps) => status(steps, "restake") === "running");
    const { ready } = start();
    const { url, signInUrl, rollup, accounts, mach } = await ready;
    expect(signInUrl.startsWith(`${url}/#sign-in=`)).toBe(true);
    expect(await rpc(rollup, "eth_chainId")).toBe("0xa455");
    expect(mach?.operators).toHaveLength(4);
    expect(accounts).toHaveLength(10);
    const balance = await rpc<string>(rollup, "eth_getBalance", accounts[9]?.address, "latest");
    expect(BigInt(balance)).toBeGreaterThan(10n ** 21n);
    await certifiedFrom(rollup, 1);
  }, 400_000);

  test("launches a second rollup from a file, plans and refuses changes", async () => {
    const file = join(folder, "second.json");
    const spec = { ...exampleSpec(), name: "second-rollup", forks: { genesis: "granite" } };
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
    // Two services on one restaking core.
    const cores = coresOf();
    expect([cores.length, new Set(cores).size]).toEqual([2, 1]);
    const second = (await altlayer("show", "second-rollup")).json as { endpoints: { rpc: string } };
    await certifiedFrom(second.endpoints.rpc, 1);
    expect((await altlayer("show", "no-such-rollup")).json).toMatchObject({ error: { code: "ROLLUP_NOT_FOUND" } });
  }, 240_000);

  test("prints a link that signs in, and says before a launch what is taken", async () => {
    const { code, json } = await altlayer("sign-in");
    const { url } = json as { url: string };
    expect([code, url]).toEqual([0, expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#sign-in=/)]);
    const file = join(folder, "third.json");
    writeFileSync(file, JSON.stringify({ ...exampleSpec(), name: "third-rollup" }));
    expect(await altlayer("plan", "-f", file)).toMatchObject({ code: 1, json: { error: { code: "CONFLICT" } } });
  });

  test("fences nothing that it could not write the archive of", async () => {
    process.env.ALTLAYER_KEYSTORE_PASSWORD = "a password long enough";
    try {
      const nowhere = join(folder, "no-such-folder", "archive.tar.gz");
      const refused = await altlayer("leave", "second-rollup", "--out", nowhere);
      expect(refused).toMatchObject({ code: 2, json: { error: { code: "OUTPUT_EXISTS" } } });
      expect((await altlayer("show", "second-rollup")).json).toMatchObject({ phase: "running" });
    } finally {
      delete process.env.ALTLAYER_KEYSTORE_PASSWORD;
    }
  });

  test("schedules a fork, takes it back, and has it also when it is killed at once", async () => {
    const upgrade = (...args: string[]) => altlayer("upgrade", "second-rollup", ...args);
    expect((await upgrade()).json).toMatchObject({
      forks: { active: "granite", scheduled: [], next: "holocene" },
      node: { version: expect.stringContaining("altlayer/"), predecessor: null },
    });
    expect(await upgrade("--to", "granite")).toMatchObject({ code: 1, json: { error: { code: "UPGRADE_REFUSED" } } });
    expect((await upgrade("--to", "isthmus")).code).toBe(2);
    expect((await upgrade("--to", "holocene", "--at", "soon")).json).toMatchObject({ error: { code: "INVALID_TIME" } });
    expect((await upgrade("--to", "holocene", "--at", "+1s")).json).toMatchObject({ error: { code: "SPEC_INVALID" } });
    const planned = await upgrade("--to", "holocene", "--at", "+2h", "--dry-run");
    expect(planned).toMatchObject({ code: 0, json: { refused: false, changes: [{ path: "forks.holocene" }] } });

    const scheduled = await upgrade("--to", "holocene", "--at", "+2h");
    const forks = { active: "granite", scheduled: [{ fork: "holocene", at: expect.any(String) }] };
    expect(scheduled).toMatchObject({ code: 0, json: { phase: "running", applied: true, forks } });
    const { endpoints } = scheduled.json as { endpoints: { rpc: string } };
    const configured = () => rpc<{ holocene_time?: number }>(endpoints.rpc, "optimism_rollupConfig");
    const out = join(folder, "chain-files");
    expect((await altlayer("chain-files", "second-rollup", "--out", out)).code).toBe(0);
    const file = JSON.parse(readFileSync(join(out, "rollup.json"), "utf8")) as { holocene_time?: number };
    expect([file.holocene_time, (await configured()).holocene_time]).toEqual([expect.any(Number), file.holocene_time]);
    expect((await altlayer("rollback", "second-rollup")).json).toMatchObject({ forks: { scheduled: [] } });

    expect((await upgrade("--to", "holocene", "--at", "+3h", "--no-wait")).code).toBe(0);
    await ended(processes.at(-1)!, "SIGKILL");
    await start().ready;
    for (const end = performance.now() + READY_TIMEOUT_MS; ; await sleep(100)) {
      const now = (await altlayer("show", "second-rollup")).json as { phase: string; applied: boolean; forks: object };
      if (now.phase === "running" && now.applied) {
        expect(now.forks).toMatchObject({ scheduled: [{ fork: "holocene" }] });
        break;
      }
      expect(performance.now()).toBeLessThan(end);
    }
    const again = (await altlayer("show", "second-rollup")).json as { endpoints: { rpc: string } };
    const config = await rpc<{ holocene_time: number }>(again.endpoints.rpc, "optimism_rollupConfig");
    expect(config.holocene_time).toBeGreaterThan(file.holocene_time ?? 0);

    expect((await altlayer("stop", "second-rollup")).json).toMatchObject({ phase: "stopped", endpoints: null });
    expect((await altlayer("destroy", "second-rollup", "--confirm", "second-rollup")).code).toBe(0);
  }, 300_000);

  test("ends in good order by Ctrl-C, and the next start resumes it", async () => {
    const running = processes.at(-1)!;
    const before = (await altlayer("show", "first-rollup")).json as { endpoints: { rpc: string } };
    const certified = await certifiedFrom(before.endpoints.rpc, 1);
    await ended(running, "SIGINT");
    expect(running.exitCode).toBe(0);
    const { resumed, rollup } = await start().ready;
    expect(resumed).toBe(true);
    expect(rollup).toBe(before.endpoints.rpc);
    await certifiedFrom(rollup, certified + 1);
  }, 240_000);
});
