import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Anvil, startAnvil } from "../../deployer/test/anvil.ts";
import type { CopyL1 } from "../src/index.ts";
import type { Answer, TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startL1, startTestPlatform, until } from "./harness.ts";

/** Rehearsals against a real rollup on a real anvil, each on copies that are gone afterwards. */

let l1: Anvil;
let at: TestPlatform;
let path: string;
let id: string;

const DRILL_MS = 240_000;
const FORK = ["--no-mining", "--slots-in-an-epoch", "1", "--no-storage-caching", "--threads", "16"];
/** What is done to the copy before the drill gets it. */
let sabotage: (url: string) => Promise<void> = async () => {};

const copyL1: CopyL1 = async ({ url }) => {
  const copy = await startAnvil(["--fork-url", url, ...FORK]);
  await sabotage(copy.url);
  return copy;
};

beforeAll(async () => {
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url, copyL1 });
  const made = await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec: newSpec("drilled-one") });
  id = made.body.id;
  path = `/teams/${at.teamId}/rollups/${id}`;
  await until(
    () => at.owner.ask("GET", path),
    ({ body }) => body.phase === "running",
    120_000,
  );
  await until(
    () => at.owner.ask("GET", `${path}/status`),
    ({ body }) => body.heads?.safe.number > 0,
    120_000,
  );
}, 300_000);

afterAll(async () => {
  await at?.close();
  await l1?.stop();
  if (at) removeDir(at.dataDir);
});

const newest = async (): Promise<Answer["body"]> => (await at.owner.ask("GET", `${path}/drills`)).body.items[0];

async function rehearse(kind: string): Promise<Answer["body"]> {
  const begun = await at.owner.ask("POST", `${path}/drills`, { kind });
  expect([begun.status, begun.body.status]).toEqual([202, "running"]);
  return await until(newest, ({ id: drill, status }) => drill === begun.body.id && status !== "running", DRILL_MS);
}

const portalOf = async (): Promise<string> => (await at.owner.ask("GET", path)).body.contracts.OptimismPortalProxy;

const onL1 = async (method: string, params: unknown[], url = l1.url): Promise<unknown> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return ((await response.json()) as { result: unknown }).result;
};

describe("drills", () => {
  test("a copy that starts from a snapshot comes to the original's blocks", async () => {
    const drill = await rehearse("restore");
    expect(drill).toMatchObject({ status: "passed", problem: null, summary: expect.stringMatching(/block \d+/) });
    expect(drill.steps.map(({ status }: { status: string }) => status)).toEqual(["done", "done", "done", "done"]);
    const { items } = (await at.owner.ask("GET", `${path}/snapshots`)).body;
    expect(items).toHaveLength(1);
    expect(items[0].rehearsedAt).not.toBeNull();
  }, 300_000);

  test("a stranger withdraws on a copy of the L1 without any of our keys, and the real contracts do not change", async () => {
    const portal = await portalOf();
    const before = await onL1("eth_getBalance", [portal, "latest"]);
    const drill = await rehearse("withdrawal");
    expect(drill).toMatchObject({ status: "passed", problem: null });
    expect(drill.steps.map(({ title }: { title: string }) => title)).toEqual(
      expect.arrayContaining([
        "Prove the withdrawal",
        "Finalize it",
        "Open proposals to everybody, as the owner would",
      ]),
    );
    expect(await onL1("eth_getBalance", [portal, "latest"])).toBe(before);
    // respectedGameType() is still the permissioned one.
    expect(Number(await onL1("eth_call", [{ to: portal, data: "0x3c9f397c" }, "latest"]))).toBe(1);
  }, 300_000);

  test("a transaction gets in without a sequencer, and one drill at a time goes on", async () => {
    const begun = await at.owner.ask("POST", `${path}/drills`, { kind: "forced-inclusion" });
    expect(begun.status).toBe(202);
    const second = await at.owner.ask("POST", `${path}/drills`, { kind: "restore" });
    expect([second.status, second.body.error.code]).toEqual([409, "CONFLICT"]);
    const drill = await until(newest, ({ status }) => status !== "running", DRILL_MS);
    expect(drill).toMatchObject({ status: "passed", summary: expect.stringContaining("3600 blocks") });
  }, 300_000);

  test("the results stand on the rollup's page and on the public status page, dated, and nothing of the copies is left", async () => {
    const shown = (await at.owner.ask("GET", path)).body.drills;
    expect(shown.map(({ kind, passed }: { kind: string; passed: boolean }) => [kind, passed])).toEqual([
      ["restore", true],
      ["withdrawal", true],
      ["forced-inclusion", true],
    ]);
    expect((await at.anonymous.ask("GET", `/status/${id}`)).body.drills).toEqual(shown);
    for (const { endedAt } of shown) expect(Date.parse(endedAt)).toBeLessThanOrEqual(Date.now());
    await until(
      async () => readdirSync(join(at.dataDir, "drills")),
      (left) => left.length === 0,
    );
  });

  test("what does not work is recorded as failed, at the step where it failed", async () => {
    const portal = await portalOf();
    // A portal that takes deposits and tells nobody.
    sabotage = async (url) => void (await onL1("anvil_setCode", [portal, "0x00"], url));
    const drill = await rehearse("forced-inclusion");
    expect(drill).toMatchObject({ status: "failed", summary: null, problem: { code: "DRILL_FAILED" } });
    const { items } = (await at.owner.ask("GET", `${path}/drills`)).body;
    expect(items[0].steps.at(-1).status).toBe("failed");
    const { drills } = (await at.anonymous.ask("GET", `/status/${id}`)).body;
    expect(drills.find(({ kind }: { kind: string }) => kind === "forced-inclusion").passed).toBe(false);
    sabotage = async () => {};
  }, 300_000);

  test("a stopped rollup is not rehearsed, and what a restart cuts off is no success", async () => {
    const begun = await at.owner.ask("POST", `${path}/drills`, { kind: "forced-inclusion" });
    expect(begun.status).toBe(202);
    const { dataDir } = at;
    await at.close();
    at = await startTestPlatform({ rpcUrl: l1.url, copyL1, dataDir });
    expect(await newest()).toMatchObject({ status: "failed", problem: { code: "DRILL_INTERRUPTED" } });
    expect(existsSync(join(dataDir, "drills", begun.body.id))).toBe(false);
    await at.owner.ask("POST", `${path}/stop`, {});
    await until(
      () => at.owner.ask("GET", path),
      ({ body }) => body.phase === "stopped",
      60_000,
    );
    const refused = await at.owner.ask("POST", `${path}/drills`, { kind: "restore" });
    expect([refused.status, refused.body.error.code]).toEqual([409, "NOT_RUNNING"]);
    expect((await at.owner.ask("POST", `${path}/drills`, { kind: "chaos" })).status).toBe(400);
  }, 300_000);
});
