import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { exampleSpec } from "@altlayer/raas";
import { createPublicClient, http } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Anvil, startAnvil } from "../../../packages/deployer/test/anvil.ts";
import { type Postgres, startPostgres } from "../../../packages/raas/test/postgres.ts";

const MAIN = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
const WAIT_MS = 120_000;

let folder: string;
let l1: Anvil;
let postgres: Postgres;
let database: string;
const planes: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "altlayer-planes-"));
  l1 = await startAnvil(["--block-time", "1", "--gas-limit", "1000000000", "--slots-in-an-epoch", "1"]);
  postgres = await startPostgres();
  database = await postgres.database();
  const network = {
    id: "development",
    name: "L1",
    chainId: 31_337,
    rpcUrl: l1.url,
    development: true,
    blockTimeSeconds: 1,
  };
  writeFileSync(join(folder, "networks.json"), JSON.stringify([network]));
}, 60_000);

afterAll(async () => {
  for (const child of planes) await end(child, "SIGTERM");
  await l1?.stop();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

interface Plane {
  readonly child: ChildProcess;
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
}

/** A control plane as a program: its own directory, the store and the rollups' data shared with the others. */
async function startPlane(name: string): Promise<Plane> {
  const dataDir = join(folder, name);
  const child = spawn(
    process.execPath,
    [
      ...["--disable-warning=ExperimentalWarning", MAIN, "platform", "--json", "--no-development", "--port", "0"],
      ...["--networks", join(folder, "networks.json"), "--postgres-env", "TEST_STORE", "--runtime", "process"],
      ...["--data-dir", dataDir, "--shared-dir", join(folder, "shared")],
    ],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TEST_STORE: database } },
  );
  planes.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
    });
  }
  await until(async () => {
    expect(child.exitCode, output).toBeNull();
    expect(output).not.toContain('"error"');
    return output.includes("}\n");
  }, `${name} to be ready`);
  const access = JSON.parse(readFileSync(join(dataDir, "platform", "local-access.json"), "utf8")) as {
    url: string;
    token: string;
  };
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${access.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${access.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    return (await response.json()) as T;
  };
  return { child, ask };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

async function until(done: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await done())) {
    if (performance.now() > deadline) throw new TypeError(`waited in vain for ${what}`);
    await sleep(50);
  }
}

interface Rollup {
  readonly id: string;
  readonly phase: string;
  readonly problem: { readonly code: string } | null;
  readonly endpoints: { readonly rpc: string } | null;
  readonly steps: readonly { readonly name: string; readonly status: string }[];
  readonly accounts: readonly { readonly role: string; readonly address: `0x${string}` }[];
}

/** Node processes of the shared groups that run now. */
function nodeProcesses(): number[] {
  const directory = join(folder, "shared", "groups");
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith(".json")) : [];
  return names
    .map((name) => (JSON.parse(readFileSync(join(directory, name), "utf8")) as { pid: number }).pid)
    .filter((pid) => existsSync(`/proc/${pid}`));
}

/** Every transaction on the L1, by sender and nonce. */
async function l1Transactions(): Promise<{ readonly from: string; readonly nonce: number; readonly input: string }[]> {
  const client = createPublicClient({ transport: http(l1.url), cacheTime: 0 });
  const head = await client.getBlockNumber();
  const found = [];
  for (let number = 1n; number <= head; number++) {
    const { transactions } = await client.getBlock({ blockNumber: number, includeTransactions: true });
    found.push(...transactions.map(({ from, nonce, input }) => ({ from, nonce, input })));
  }
  return found;
}

const blockNumber = async (url: string): Promise<number> => {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] });
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body }).catch(
    () => null,
  );
  return response === null ? -1 : Number(((await response.json()) as { result: string }).result);
};

test("of two control planes on one store one works, and the other goes on when it is killed, launching nothing twice", async () => {
  const first = await startPlane("first");
  const second = await startPlane("second");
  const { items } = await first.ask<{ items: { id: string }[] }>("GET", "/teams");
  const rollups = `/teams/${items[0]!.id}/rollups`;
  const spec = (name: string, chainId: number) => ({
    ...exampleSpec(),
    name,
    chain: { chainId, blockTimeSeconds: 1 },
    dataAvailability: { kind: "calldata", maxBatchDelaySeconds: 2 },
    services: { mach: { restaking: "off" } },
  });
  // An order to the one that does not hold the lease is carried out by the one that does.
  const running = await second.ask<Rollup>("POST", rollups, { spec: spec("quiet-one", 61_001) });
  const of = (plane: Plane, { id }: Rollup) => plane.ask<Rollup>("GET", `${rollups}/${id}`);
  await until(async () => (await of(second, running)).phase === "running", "the first rollup, seen by the other plane");
  const endpoint = (await of(first, running)).endpoints!.rpc;
  const [node] = nodeProcesses();
  expect(node).toBeDefined();

  // Killed while it deploys the contracts of another one.
  const launching = await first.ask<Rollup>("POST", rollups, { spec: spec("cut-off-one", 61_002) });
  const deployer = async () => (await of(second, launching)).accounts.find(({ role }) => role === "deployer")?.address;
  await until(async () => {
    const address = await deployer();
    if (address === undefined) return false;
    return (
      (await createPublicClient({ transport: http(l1.url) }).getTransactionCount({ address, blockTag: "pending" })) > 0
    );
  }, "the deployment to begin");
  await end(first.child, "SIGKILL");
  // The node's process notices that nobody supervises it.
  await until(async () => !existsSync(`/proc/${node}`), "the orphaned node to end");
  const stoppedAt = Date.now();
  expect(await blockNumber(endpoint)).toBe(-1);

  await until(async () => (await of(second, launching)).phase === "running", "the launch to be finished");
  await until(async () => (await of(second, running)).endpoints !== null, "the running rollup to be taken over");
  expect((await of(second, running)).endpoints!.rpc).toBe(endpoint);
  const number = await blockNumber(endpoint);
  await until(async () => (await blockNumber(endpoint)) > number, "new blocks");
  expect(Date.now() - stoppedAt).toBeLessThan(WAIT_MS);
  expect(nodeProcesses()).toHaveLength(1);
  // The orphan ended by itself: nobody had to kill it.
  const log = readFileSync(join(folder, "second", "dev.log"), "utf8");
  expect(log).toContain("lease taken");
  expect(log).not.toContain("was killed");

  // Both were deployed once, deed for deed: same number of transactions, same creations.
  const transactions = await l1Transactions();
  const deployers = await Promise.all(
    [running, launching].map(async (each) => {
      const rollup = await of(second, each);
      return rollup.accounts.find(({ role }) => role === "deployer")!.address;
    }),
  );
  const [undisturbed, disturbed] = deployers.map((address) => transactions.filter(({ from }) => from === address));
  expect(disturbed!.map(({ nonce }) => nonce)).toEqual(disturbed!.map((_, index) => index));
  expect(disturbed!.map(({ input }) => input.slice(0, 10))).toEqual(
    undisturbed!.map(({ input }) => input.slice(0, 10)),
  );

  // A plane that comes back waits: nothing runs twice.
  const third = await startPlane("first");
  await until(async () => (await of(third, running)).phase === "running", "the plane that came back");
  expect((await of(third, running)).endpoints).toBeNull();
  expect(nodeProcesses()).toHaveLength(1);
  // The one that works gives the lease back when it ends in good order: nobody waits for its end.
  await end(second.child, "SIGINT");
  await until(async () => (await of(third, running)).endpoints !== null, "the handed-over rollup");
  expect((await of(third, running)).endpoints!.rpc).toBe(endpoint);
}, 400_000);
