import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kzg, openEngine } from "@altlayer/engine";
import { parseRollupConfig } from "@altlayer/protocol";
import { parseNodeConfig, RollupNode, silentLogger } from "@altlayer/rollup";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Anvil, startAnvil } from "../../deployer/test/anvil.ts";
import type { CopyL1 } from "../src/index.ts";
import type { Answer, TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startL1, startTestPlatform, until } from "./harness.ts";

/** A restaked rollup goes from Fjord to Holocene while it runs, on a real anvil. */

let l1: Anvil;
let at: TestPlatform;
let path: string;

const WAIT_MS = 240_000;
const FORK = ["--no-mining", "--slots-in-an-epoch", "1", "--no-storage-caching", "--threads", "16"];
const HOLOCENE_EXTRA = /^0x00[0-9a-f]{16}$/;

const copyL1: CopyL1 = async ({ url }) => await startAnvil(["--fork-url", url, ...FORK]);

beforeAll(async () => {
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url, copyL1 });
  const spec = newSpec("fjord-one", {
    forks: { genesis: "fjord" },
    execution: { idleSeconds: 0 },
    services: { mach: { restaking: "on", operators: 1 } },
  });
  const made = await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec });
  expect(made.status).toBe(201);
  path = `/teams/${at.teamId}/rollups/${made.body.id}`;
  await until(get, ({ body }) => body.phase === "running", WAIT_MS);
}, 300_000);

afterAll(async () => {
  await at?.close();
  await l1?.stop();
  if (at) removeDir(at.dataDir);
});

const get = (): Promise<Answer> => at.owner.ask("GET", path);
const applied = () => until(get, ({ body }) => body.phase === "running" && body.applied === true, WAIT_MS);

const rpc = async (method: string, params: unknown[] = []): Promise<Answer["body"]> =>
  (await at.owner.ask("POST", `${path}/rpc`, { jsonrpc: "2.0", id: 1, method, params })).body.result;
const block = (number: number) => rpc("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);

const iso = (seconds: number): string => `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;
/** Later than the clock and the L1's newest block. */
const ahead = async (seconds: number): Promise<number> => {
  const { l1: seen } = (await at.owner.ask("GET", `${path}/status`)).body;
  return Math.max(Math.ceil(Date.now() / 1_000), seen?.latest?.timestamp ?? 0) + seconds;
};

/** The spec as it is, with other times for its forks. */
async function scheduled(forks: Readonly<Record<string, string>>, over: object = {}): Promise<unknown> {
  const { spec } = (await get()).body;
  return { ...spec, ...over, forks: { genesis: spec.forks.genesis, ...forks } };
}

const plan = async (spec: unknown): Promise<Answer> => await at.owner.ask("POST", `${path}/plan`, { spec });
const put = async (spec: unknown): Promise<Answer> =>
  await at.owner.ask("PUT", `${path}/spec`, { spec, revision: (await get()).body.revision });
const problemPaths = ({ body }: Answer): string[] =>
  body.error.details.problems.map(({ path: field }: { path: string }) => field);

describe("a network upgrade", () => {
  let activation: number;

  test("is refused for a time that is past or too near, without what it needs, and before its time for its settings", async () => {
    expect((await get()).body.forks).toMatchObject({ active: "fjord", scheduled: [], next: "holocene" });
    const late = iso(await ahead(600));
    for (const seconds of [-60, 5]) {
      const time = iso(await ahead(seconds));
      const answer = await plan(await scheduled({ granite: time, holocene: time }));
      expect([answer.status, problemPaths(answer)]).toEqual([422, ["forks.granite", "forks.holocene"]]);
      expect((await put(await scheduled({ granite: time }))).status).toBe(422);
    }
    expect(problemPaths(await plan(await scheduled({ holocene: late })))).toEqual(["forks.holocene"]);
    expect(problemPaths(await plan(await scheduled({ granite: late, holocene: iso(await ahead(500)) })))).toEqual([
      "forks.holocene",
    ]);
    expect(problemPaths(await plan(await scheduled({ isthmus: late })))).toEqual(["forks"]);
    expect(problemPaths(await plan(await scheduled({ granite: "tomorrow" })))).toEqual(["forks.granite"]);
    const { execution } = (await get()).body.spec;
    const fees = { execution: { ...execution, baseFee: { denominator: 100, elasticity: 4 } } };
    expect(problemPaths(await plan(await scheduled({}, fees)))).toEqual(["execution.baseFee.denominator"]);
    const { spec } = (await get()).body;
    const rewritten = await put({ ...spec, forks: { genesis: "granite" } });
    expect([rewritten.status, rewritten.body.error.code]).toEqual([409, "CHANGE_REFUSED"]);
  });

  test("is refused where the contracts on the settlement network are older than the fork", async () => {
    const { contracts } = (await get()).body;
    const slot = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
    const word = await l1Rpc("eth_getStorageAt", [contracts.SystemConfigProxy, slot, "latest"]);
    const implementation = `0x${String(word).slice(26)}`;
    const code = await l1Rpc("eth_getCode", [implementation, "latest"]);
    // One that answers every call it does not know by a revert.
    await l1Rpc("anvil_setCode", [implementation, "0x5f5ffd"]);
    const time = iso(await ahead(600));
    const { body } = await plan(await scheduled({ granite: time, holocene: time }));
    await l1Rpc("anvil_setCode", [implementation, code]);
    expect(body.refused).toBe(true);
    const changes = body.changes.map(({ path: field, change }: { path: string; change: string }) => [field, change]);
    expect(changes).toEqual([
      ["forks.granite", "us"],
      ["forks.holocene", "never"],
    ]);
  });

  test("is rehearsed on a copy, with blocks across it, a follower, and a withdrawal", async () => {
    await until(
      () => at.owner.ask("GET", `${path}/status`),
      ({ body }) => body.heads?.safe.number > 0,
      WAIT_MS,
    );
    const begun = await at.owner.ask("POST", `${path}/drills`, { kind: "upgrade" });
    expect(begun.status).toBe(202);
    const drill = await until(
      async () => (await at.owner.ask("GET", `${path}/drills`)).body.items[0],
      ({ status }) => status !== "running",
      WAIT_MS,
    );
    expect(drill).toMatchObject({
      status: "passed",
      problem: null,
      summary: expect.stringContaining("Granite and Holocene"),
    });
    const shown = (await at.anonymous.ask("GET", `/status/${path.split("/").at(-1)}`)).body.drills;
    expect(shown).toMatchObject([{ kind: "upgrade", passed: true }]);
  }, 300_000);

  test("is planned with what it takes, and taken back as long as it has not come", async () => {
    const time = iso(await ahead(900));
    const wanted = await scheduled({ granite: time, holocene: time });
    const { body } = await plan(wanted);
    expect(body).toMatchObject({ refused: false, signatures: [], downtimeSeconds: 2 });
    expect(body.actions.map(({ kind }: { kind: string }) => kind)).toEqual([
      "rehearse",
      "files",
      "activate",
      "activate",
      "restart",
    ]);
    expect((await put(wanted)).status).toBe(200);
    // What followers need is there before the node has it.
    const file = (await at.owner.ask("GET", `${path}/chain-files/rollup.json`)).body;
    expect(iso(file.holocene_time)).toBe(time);
    await applied();
    expect((await rpc("optimism_rollupConfig")).holocene_time).toBe(file.holocene_time);
    expect((await rpc("debug_chainConfig")).holoceneTime).toBe(file.holocene_time);
    const { revision } = (await get()).body;
    const back = await at.owner.ask("POST", `${path}/rollback`, { to: revision - 1, revision });
    expect(back.status).toBe(200);
    await applied();
    expect((await rpc("optimism_rollupConfig")).holocene_time ?? null).toBeNull();
    expect((await get()).body.forks).toMatchObject({ active: "fjord", scheduled: [] });
  }, 300_000);

  test("activates with the first block at its time, after a restart of the platform on the way", async () => {
    activation = await ahead(40);
    const time = iso(activation);
    expect((await put(await scheduled({ granite: time, holocene: time }))).status).toBe(200);
    // Nothing waits for the node to have it: what was ordered is done by whoever comes next.
    const { dataDir } = at;
    await at.close();
    at = await startTestPlatform({ rpcUrl: l1.url, copyL1, dataDir });
    await applied();
    const head = await until(
      () => rpc("eth_getBlockByNumber", ["latest", false]),
      (seen) => Number(seen?.timestamp) > activation + 1,
      WAIT_MS,
    );
    const first = Number(head.number) - (Number(head.timestamp) - activation);
    expect([Number((await block(first)).timestamp), (await block(first - 1)).extraData]).toEqual([activation, "0x"]);
    expect((await block(first)).extraData).toMatch(HOLOCENE_EXTRA);
    expect((await get()).body.forks).toMatchObject({ active: "holocene", scheduled: [], next: null });
  }, 600_000);

  test("takes its operators along: they certify blocks of the new rules", async () => {
    const head = await rpc("eth_getBlockByNumber", ["latest", false]);
    expect(head.extraData).toMatch(HOLOCENE_EXTRA);
    await until(
      () => rpc("mach_getHead"),
      (mach) => Number(mach?.certified?.number ?? 0) >= Number(head.number),
      WAIT_MS,
    );
  }, 300_000);

  test("cannot be undone once it is there, and says why", async () => {
    const { revision } = (await get()).body;
    const back = await at.owner.ask("POST", `${path}/rollback`, { to: revision - 1, revision });
    expect([back.status, back.body.error.code]).toEqual([409, "CHANGE_REFUSED"]);
    expect(back.body.error.details.changes.map(({ path: field }: { path: string }) => field)).toEqual([
      "forks.granite",
      "forks.holocene",
    ]);
    const moved = await put(await scheduled({ granite: iso(activation), holocene: iso(await ahead(600)) }));
    expect([moved.status, moved.body.error.code]).toEqual([409, "CHANGE_REFUSED"]);
    const drill = await at.owner.ask("POST", `${path}/drills`, { kind: "upgrade" });
    expect([drill.status, drill.body.error.code]).toEqual([409, "DRILL_UNAVAILABLE"]);
    // The base fee's parameters are the owner's now.
    const { spec } = (await get()).body;
    const execution = { ...spec.execution, baseFee: { denominator: 100, elasticity: 4 } };
    const { body } = await plan({ ...spec, execution });
    expect(body.signatures).toMatchObject([{ field: "execution.baseFee" }]);
  });

  test("gives a follower that knows only the files and the L1 the same chain across it", async () => {
    const status = await until(
      () => at.owner.ask("GET", `${path}/status`),
      ({ body }) => body.heads?.safe.timestamp > activation + 2,
      WAIT_MS,
    );
    const target = status.body.heads.safe.number;
    const dataDir = mkdtempSync(join(tmpdir(), "altlayer-follower-"));
    const rollup = parseRollupConfig((await at.owner.ask("GET", `${path}/chain-files/rollup.json`)).body);
    const genesis = (await at.owner.ask("GET", `${path}/chain-files/genesis.json`)).body;
    const follower = await RollupNode.start(
      {
        config: parseNodeConfig({
          dataDir,
          genesisFile: "-",
          rollupFile: "-",
          l1: { url: l1.url, trustRpc: true, pollMs: 200 },
          rpc: null,
        }),
        rollup,
        genesisJson: JSON.stringify(genesis),
        clientVersion: "test",
      },
      { openEngine, kzg, log: silentLogger },
    );
    try {
      await until(
        async () => follower.engine.heads().safe.number,
        (number) => number >= target,
        WAIT_MS,
      );
      expect((await follower.engine.payloadByNumber(target))?.blockHash).toBe((await block(target)).hash);
    } finally {
      await follower.close();
      removeDir(dataDir);
    }
  }, 300_000);

  test("the program that runs the node is known, and that it is the platform's own", async () => {
    const { node } = (await get()).body;
    expect(node).toMatchObject({ version: "test", engine: expect.stringMatching(/^[0-9a-f]{16}$/), predecessor: null });
    const { dataDir } = at;
    await at.close();
    at = await startTestPlatform({ rpcUrl: l1.url, copyL1, dataDir, version: "test-2" });
    await applied();
    const now = (await get()).body.node;
    const { predecessor: _none, ...before } = node;
    expect(now).toMatchObject({ version: "test-2", engine: node.engine, predecessor: before });
  }, 300_000);
});

async function l1Rpc(method: string, params: unknown[]): Promise<unknown> {
  const response = await fetch(l1.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return ((await response.json()) as { result: unknown }).result;
}
