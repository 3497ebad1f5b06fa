import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createPublicClient, createWalletClient, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import { startAnvil } from "../../deployer/test/anvil.ts";
import type { AttachedRuntime } from "../src/attach/attached-runtime.ts";
import type { CopyL1 } from "../src/index.ts";
import { ProcessRuntime } from "../src/runtime/process/process-runtime.ts";
import type { Answer, Caller, TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startL1, startTestPlatform, until } from "./harness.ts";

let l1: Anvil;
let at: TestPlatform;
/** Two teams, each with a rollup, each in a process of its own. */
let ours: { readonly team: string; readonly path: string };
let theirs: { readonly team: string; readonly path: string };

const RECEIVER = "0x00000000000000000000000000000000000c0c0c";
const PASSWORD = "correct horse battery staple";
const WAIT_MS = 60_000;
const DRILL_MS = 240_000;
/** Anvil's first account, the owner of the example's contracts. */
const OWNER = privateKeyToAccount("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
const copyL1: CopyL1 = ({ url }) =>
  startAnvil(["--fork-url", url, "--no-mining", "--slots-in-an-epoch", "1", "--no-storage-caching", "--threads", "16"]);

// Each test waits for several things of that kind, one after the other.
vi.setConfig({ testTimeout: 4 * WAIT_MS });

beforeAll(async () => {
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url, runtime: "process", copyL1 });
  const other = await at.platform.services.people.createTeam({ name: "Others", userId: at.userId });
  [ours, theirs] = (await Promise.all([
    launch(at.teamId, newSpec("ours", { services: { mach: { restaking: "on", operators: 1 } } })),
    launch(other.id, newSpec("theirs")),
  ])) as [typeof ours, typeof theirs];
}, 180_000);

afterAll(async () => {
  await at?.close();
  await l1?.stop();
  if (at) removeDir(at.dataDir);
}, 60_000);

async function launch(team: string, spec: ReturnType<typeof newSpec>) {
  const { body } = await at.owner.ask("POST", `/teams/${team}/rollups`, { spec });
  const path = `/teams/${team}/rollups/${body.id}`;
  await phase(at.owner, path, "running");
  return { team, path };
}

const phase = (caller: Caller, path: string, wanted: string): Promise<Answer> =>
  until(
    () => caller.ask("GET", path),
    ({ body }) => body.phase === wanted && (wanted !== "running" || body.endpoints !== null),
    WAIT_MS,
  );

async function rpc(path: string, method: string, params: readonly unknown[] = []): Promise<unknown> {
  return (await at.owner.ask("POST", `${path}/rpc`, { jsonrpc: "2.0", id: 1, method, params })).body.result;
}

const height = async (path: string) => Number(await rpc(path, "eth_blockNumber"));

function processes(): ProcessRuntime {
  const { own } = at.platform.services.runtime as AttachedRuntime;
  expect(own).toBeInstanceOf(ProcessRuntime);
  return own as ProcessRuntime;
}

async function pidOf(team: string): Promise<number> {
  const pid = await processes().pidOf(team);
  expect(pid).not.toBeNull();
  return pid!;
}

test("each team's rollups run in a process of its own, and all that one asks of a rollup works through it", async () => {
  const pids = [await pidOf(ours.team), await pidOf(theirs.team)];
  expect(new Set([process.pid, ...pids]).size).toBe(3);
  const drip = await at.owner.ask("POST", `${ours.path}/faucet`, { address: RECEIVER });
  expect(drip.status).toBe(200);
  await until(
    () => rpc(ours.path, "eth_getBalance", [RECEIVER, "latest"]),
    (wei) => wei === "0x8ac7230489e80000",
    WAIT_MS,
  );
  const status = await until(
    () => at.owner.ask("GET", `${ours.path}/status`),
    ({ body }) => body.heads?.safe.number > 0 && body.throughput !== null,
    WAIT_MS,
  );
  expect(status.body.heads.unsafe.number).toBeGreaterThan(0);
  const { items } = (await at.owner.ask("GET", `${ours.path}/logs`)).body;
  expect(items.length).toBeGreaterThan(0);
  expect(items.some(({ room }: { room: string }) => room !== "log")).toBe(true);
  const snapshot = await at.owner.ask("POST", `${ours.path}/snapshot`, { block: "safe" });
  expect([snapshot.status, snapshot.body.blockNumber > 0]).toEqual([200, true]);
  // Its operator signs in the same process.
  await until(
    async () => (await rpc(ours.path, "mach_getHead")) as { certified: object | null } | null,
    (head) => head?.certified != null,
    WAIT_MS,
  );
});

test("tells of new heads from the other process, so that nobody has to ask for them", async () => {
  const running = at.platform.services.runtime.running(ours.path.split("/").at(-1)!);
  let heads = 0;
  const off = running!.onHead!(() => heads++);
  await until(
    async () => heads,
    (count) => count >= 3,
    WAIT_MS,
  );
  off();
});

test("gives the process none of the platform's secrets by its environment", async () => {
  const pid = await pidOf(ours.team);
  const names = readFileSync(`/proc/${pid}/environ`, "utf8")
    .split("\0")
    .map((entry) => entry.split("=")[0]!)
    .filter((name) => name !== "");
  const allowed = [
    "PATH",
    "HOME",
    "TMPDIR",
    "TZ",
    "LANG",
    "NODE_COMPILE_CACHE",
    "NODE_CHANNEL_FD",
    "NODE_CHANNEL_SERIALIZATION_MODE",
  ];
  expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
});

test("the crash of one team's process stays its own: it is shown, and the rollup comes back with its chain", async () => {
  const [victim, neighbour] = [await pidOf(ours.team), await pidOf(theirs.team)];
  const neighbourAt = await height(theirs.path);
  const seen: (string | undefined)[] = [];
  const { events, rollups } = at.platform.services;
  const id = ours.path.split("/").at(-1)!;
  const off = events.on((event) => {
    if (event.rollupId === id) void rollups.get(id).then(({ problem }) => seen.push(problem?.code));
  });
  process.kill(victim, "SIGKILL");
  await until(
    async () => seen,
    (codes) => codes.includes("NODE_CRASHED"),
    WAIT_MS,
  );
  const back = await phase(at.owner, ours.path, "running");
  off();
  expect(back.body.problem).toBeNull();
  expect(await pidOf(ours.team)).not.toBe(victim);
  expect(await rpc(ours.path, "eth_getBalance", [RECEIVER, "latest"])).toBe("0x8ac7230489e80000");
  const before = await height(ours.path);
  await until(
    () => height(ours.path),
    (now) => now > before,
    WAIT_MS,
  );
  // The neighbour noticed nothing.
  expect(await pidOf(theirs.team)).toBe(neighbour);
  await until(
    () => height(theirs.path),
    (now) => now > neighbourAt,
    WAIT_MS,
  );
});

test("a process ends with the last rollup that runs in it, and another start makes a new one", async () => {
  const pid = await pidOf(theirs.team);
  await at.owner.ask("POST", `${theirs.path}/stop`, {});
  await phase(at.owner, theirs.path, "stopped");
  await until(
    async () => existsSync(`/proc/${pid}`),
    (there) => !there,
    WAIT_MS,
  );
  const number = (await at.owner.ask("GET", `${theirs.path}/explorer/overview`)).body.indexedNumber;
  await at.owner.ask("POST", `${theirs.path}/start`, {});
  await phase(at.owner, theirs.path, "running");
  expect(await pidOf(theirs.team)).not.toBe(pid);
  expect(await height(theirs.path)).toBeGreaterThanOrEqual(number);
});

test("a key is replaced under the running process", async () => {
  const pid = await pidOf(theirs.team);
  const keyOf = async () =>
    (await at.owner.ask("GET", `${theirs.path}/keys`)).body.items.find(
      ({ role }: { role: string }) => role === "batcher",
    );
  const { address: next } = (await at.owner.ask("POST", `${theirs.path}/keys/batcher/rotate`, {})).body;
  const { rotation } = await until(keyOf, (key) => key.rotation?.state === "signature", WAIT_MS);
  const { to, data } = rotation.signature as { readonly to: Hex; readonly data: Hex };
  await createWalletClient({ account: OWNER, transport: http(l1.url) }).sendTransaction({ chain: null, to, data });
  await until(keyOf, (key) => key.address === next && key.rotation === null, WAIT_MS);
  const client = createPublicClient({ transport: http(l1.url) });
  await until(
    () => client.getTransactionCount({ address: next }),
    (sent) => sent > 0,
    WAIT_MS,
  );
  expect(await pidOf(theirs.team)).toBe(pid);
});

// Of the two that play on a copy of the L1, one: both ask the node the same.
test.each(["restore", "forced-inclusion"])(
  "the drill %s passes beside it",
  async (kind) => {
    const begun = await at.owner.ask("POST", `${theirs.path}/drills`, { kind });
    expect(begun.status).toBe(202);
    const ended = await until(
      async () => (await at.owner.ask("GET", `${theirs.path}/drills`)).body.items[0],
      ({ id, status }) => id === begun.body.id && status !== "running",
      DRILL_MS,
    );
    expect(ended).toMatchObject({ status: "passed", problem: null });
  },
  300_000,
);

test("a restore starts the node anew from its snapshot, in a process of its own again", async () => {
  const { body } = await at.owner.ask("GET", `${theirs.path}/status`);
  const { number, hash } = body.heads.safe;
  expect((await at.owner.ask("POST", `${theirs.path}/restore`, { confirm: "theirs" })).status).toBe(202);
  const restored = await until(
    () => at.owner.ask("GET", theirs.path),
    (answer) => answer.body.phase === "running" && !answer.body.restoring,
    WAIT_MS,
  );
  const step = restored.body.steps.find(({ name }: { name: string }) => name === "restore");
  expect(step.detail).toMatch(/snapshot of block \d+/);
  const block = await until(
    () =>
      rpc(theirs.path, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]) as Promise<{ hash: Hex } | null>,
    (found) => found != null,
    WAIT_MS,
  );
  expect(block?.hash).toBe(hash);
});

test("who leaves takes the chain along, every block brought to the L1, and its process ends", async () => {
  const archive = await at.owner.download(`${theirs.path}/export`, { password: PASSWORD });
  const readme = execFileSync("tar", ["-xzO", "README.md"], { input: archive, encoding: "utf8" });
  expect(readme).toContain("All blocks had reached the settlement network");
  await phase(at.owner, theirs.path, "exported");
  expect(await processes().pidOf(theirs.team)).toBeNull();
});

test("a control plane that starts again takes over what the one before left", async () => {
  const number = await height(ours.path);
  const pid = await pidOf(ours.team);
  await at.close();
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(existsSync(join(at.dataDir, "groups"))).toBe(true);
  at = await startTestPlatform({ rpcUrl: l1.url, runtime: "process", dataDir: at.dataDir });
  await phase(at.owner, ours.path, "running");
  await until(
    () => height(ours.path),
    (now) => now > number,
    WAIT_MS,
  );
});
