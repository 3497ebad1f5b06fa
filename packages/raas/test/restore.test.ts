import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startL1, startTestPlatform, until } from "./harness.ts";

let l1: Anvil;
let at: TestPlatform;
let path: string;
let id: string;
const NAME = "restored-one";
const RECEIVER = "0x00000000000000000000000000000000000eeeee";
const WAIT_MS = 120_000;

const rpc = async (method: string, params: unknown[]) =>
  (await at.owner.ask("POST", `${path}/rpc`, { jsonrpc: "2.0", id: 1, method, params })).body.result;
const running = () =>
  until(
    () => at.owner.ask("GET", path),
    ({ body }) => body.phase === "running" && !body.restoring,
    WAIT_MS,
  );
const restoreStep = async () =>
  (await at.owner.ask("GET", path)).body.steps.find(({ name }: { name: string }) => name === "restore");

beforeAll(async () => {
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url });
  const made = await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec: newSpec(NAME) });
  id = made.body.id;
  path = `/teams/${at.teamId}/rollups/${id}`;
  const early = await at.owner.ask("POST", `${path}/restore`, { confirm: NAME });
  expect([early.status, early.body.error.code]).toEqual([409, "CONFLICT"]);
  await running();
}, 300_000);

afterAll(async () => {
  await at?.close();
  await l1?.stop();
  if (at) removeDir(at.dataDir);
});

/** Pays the receiver and waits until that is safe. */
async function pay(): Promise<{ readonly number: number; readonly hash: string; readonly balance: string }> {
  const paid = await at.owner.ask("POST", `${path}/faucet`, { address: RECEIVER });
  const receipt = await until(
    () => rpc("eth_getTransactionReceipt", [paid.body.transactionHash]),
    (found) => found !== null && found !== undefined,
    WAIT_MS,
  );
  const number = Number(receipt.blockNumber);
  await until(
    () => at.owner.ask("GET", `${path}/status`),
    ({ body }) => body.heads?.safe.number >= number,
    WAIT_MS,
  );
  return { number, hash: receipt.blockHash, balance: await rpc("eth_getBalance", [RECEIVER, "latest"]) };
}

async function restore(): Promise<void> {
  const ordered = await at.owner.ask("POST", `${path}/restore`, { confirm: NAME });
  expect([ordered.status, ordered.body.restoring]).toEqual([202, true]);
  const again = await at.owner.ask("POST", `${path}/restore`, { confirm: NAME });
  // The first may be done already on a quick machine; two at once there never are.
  if (again.status !== 202) expect([again.status, again.body.error.code]).toEqual([409, "CONFLICT"]);
  await running();
}

describe("a rollup whose data are lost", () => {
  test("comes back from its snapshot and the L1 with every safe block, and goes on", async () => {
    await pay();
    expect((await at.owner.ask("POST", `${path}/snapshot`, { block: "safe" })).status).toBe(200);
    const after = await pay();
    expect((await at.owner.ask("POST", `${path}/restore`, { confirm: "another" })).status).toBe(400);
    await at.owner.ask("POST", `${path}/stop`, {});
    await until(
      () => at.owner.ask("GET", path),
      ({ body }) => body.phase === "stopped",
      WAIT_MS,
    );
    const journal = join(at.dataDir, "rollups", id, "node", "engine");
    for (const name of readdirSync(journal, { recursive: true, withFileTypes: true })) {
      if (name.isFile()) writeFileSync(join(name.parentPath, name.name), "damaged");
    }
    await restore();
    expect((await restoreStep()).detail).toMatch(/snapshot of block \d+/);
    const block = await until(
      () => rpc("eth_getBlockByNumber", [`0x${after.number.toString(16)}`, false]),
      (found) => found !== null && found !== undefined,
      WAIT_MS,
    );
    expect(block.hash).toBe(after.hash);
    expect(await rpc("eth_getBalance", [RECEIVER, "latest"])).toBe(after.balance);
    const next = await pay();
    expect(next.number).toBeGreaterThan(after.number);
  }, 400_000);

  test("comes back from the L1 alone when the whole directory is gone, genesis included", async () => {
    const before = await pay();
    await at.owner.ask("POST", `${path}/stop`, {});
    await until(
      () => at.owner.ask("GET", path),
      ({ body }) => body.phase === "stopped",
      WAIT_MS,
    );
    rmSync(join(at.dataDir, "rollups", id), { recursive: true });
    await restore();
    expect((await restoreStep()).detail).toMatch(/settlement network alone/);
    const block = await until(
      () => rpc("eth_getBlockByNumber", [`0x${before.number.toString(16)}`, false]),
      (found) => found !== null && found !== undefined,
      WAIT_MS,
    );
    expect(block.hash).toBe(before.hash);
    expect(await rpc("eth_getBalance", [RECEIVER, "latest"])).toBe(before.balance);
  }, 400_000);

  test("a snapshot that was damaged since is passed over for an older one", async () => {
    await pay();
    const first = (await at.owner.ask("POST", `${path}/snapshot`, { block: "safe" })).body;
    await pay();
    const second = (await at.owner.ask("POST", `${path}/snapshot`, { block: "safe" })).body;
    expect(second.blockNumber).toBeGreaterThan(first.blockNumber);
    truncateSync(join(at.dataDir, "rollups", id, "snapshots", second.file), second.bytes - 1);
    const last = await pay();
    await restore();
    expect((await restoreStep()).detail).toBe(`from the snapshot of block ${first.blockNumber}`);
    const block = await until(
      () => rpc("eth_getBlockByNumber", [`0x${last.number.toString(16)}`, false]),
      (found) => found !== null && found !== undefined,
      WAIT_MS,
    );
    expect(block.hash).toBe(last.hash);
  }, 400_000);
});
