import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startL1, startTestPlatform, until } from "./harness.ts";

let l1: Anvil;
let at: TestPlatform;

beforeAll(async () => {
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url });
});

afterAll(async () => {
  await at?.close();
  await l1?.stop();
  if (at) removeDir(at.dataDir);
});

const RECEIVER = "0x00000000000000000000000000000000000aaaaa";
const OTHER_RECEIVER = "0x00000000000000000000000000000000000bbbbb";
/** Anvil's first account, which owns the contracts in these tests. */
const OWNER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

interface Finality {
  readonly levels: readonly {
    readonly level: string;
    readonly reached: boolean;
    readonly by: { readonly operators: readonly string[] };
  }[];
}

/** A restaked launch is a hundred transactions and five engines: seconds of work, on a machine that may be shared. */
const LAUNCH_MS = 180_000;
vi.setConfig({ testTimeout: 2 * LAUNCH_MS });

const rollups = () => `/teams/${at.teamId}/rollups`;
const running = async (id: string) =>
  (
    await until(
      () => at.owner.ask("GET", `${rollups()}/${id}`),
      ({ body }) => body.phase === "running",
      LAUNCH_MS,
    )
  ).body;

async function rpc(id: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const { body } = await at.owner.ask("POST", `${rollups()}/${id}/rpc`, { jsonrpc: "2.0", id: 1, method, params });
  return body.result;
}

describe("a rollup's life", () => {
  let id: string;
  let endpoint: string;

  test("is launched from a spec, step by step, and takes transactions", async () => {
    const made = await at.owner.ask("POST", rollups(), {
      spec: newSpec("first-one", { services: { mach: { restaking: "on" } } }),
    });
    expect(made.status).toBe(201);
    id = made.body.id;
    const rollup = await running(id);
    endpoint = rollup.endpoints.rpc;
    expect(rollup.steps.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`)).toEqual(
      ["keys", "fund", "contracts", "genesis", "restake", "start", "health"].map((name) => `${name} done`),
    );
    expect(rollup.contracts.SystemConfigProxy).toMatch(/^0x[0-9a-f]{40}$/);
    expect(rollup.signatures).toEqual([]);
    const { body } = await at.owner.ask("POST", `${rollups()}/${id}/faucet`, { address: RECEIVER });
    expect(body.amountWei).toBe("10000000000000000000");
    await until(
      () => rpc(id, "eth_getBalance", [RECEIVER, "latest"]),
      (wei) => wei === "0x8ac7230489e80000",
    );
  });

  test("has its blocks certified by the operators of its own service", async () => {
    const certified = async () => {
      const { body } = await at.owner.ask("POST", `${rollups()}/${id}/faucet`, { address: OTHER_RECEIVER });
      const finality = await until(
        async () => (await rpc(id, "mach_getFinality", [body.transactionHash])) as Finality | null,
        (answer) => answer?.levels.find(({ level }) => level === "blockCertificate")?.reached === true,
        60_000,
      );
      return finality!.levels.find(({ level }) => level === "blockCertificate")!.by;
    };
    // On a slow machine the L1 may have settled a block before anybody certified it.
    const by = (await until(certified, (signed) => signed !== null))!;
    const { mach } = (await at.owner.ask("GET", `${rollups()}/${id}`)).body;
    expect(mach.operators).toHaveLength(4);
    const signers = by.operators.map((operator) => operator.toLowerCase());
    expect(signers.length).toBeGreaterThanOrEqual(3);
    for (const signer of signers) expect(mach.operators).toContain(signer);
  }, 200_000);

  test("keeps its keys from everybody: not in the store, the log or an answer", async () => {
    const key = await at.platform.services.keys.privateKey(id, "batcher");
    const answer = JSON.stringify((await at.owner.ask("GET", `${rollups()}/${id}`)).body);
    const stored = ["platform.db", "platform.db-wal"].map((name) => readFileSync(join(at.dataDir, name)));
    const log = readFileSync(join(at.dataDir, "rollups", id, "node.log"), "utf8");
    for (const text of [answer, log]) expect(text).not.toContain(key.slice(2));
    for (const bytes of stored) expect(bytes.includes(key.slice(2))).toBe(false);
  });

  test("gets a second revision with a restart, keeps its URL, and goes back", async () => {
    const { body: before } = await at.owner.ask("GET", `${rollups()}/${id}`);
    const spec = { ...before.spec, execution: { ...before.spec.execution, sliceMs: 20 } };
    const plan = (await at.owner.ask("POST", `${rollups()}/${id}/plan`, { spec })).body;
    expect(plan).toMatchObject({
      base: 1,
      refused: false,
      changes: [{ path: "execution.sliceMs", from: 10, to: 20, effect: "restart" }],
    });
    const put = await at.owner.ask("PUT", `${rollups()}/${id}/spec`, { spec, revision: 1 });
    expect(put.body.revision).toBe(2);
    await until(
      async () => at.platform.services.runtime.running(id)?.settings,
      (settings) => settings !== undefined,
    );
    const again = await until(
      () => at.owner.ask("GET", `${rollups()}/${id}`),
      ({ body }) =>
        body.phase === "running" &&
        body.steps.some((step: { name: string; attempt: number }) => step.name === "start" && step.attempt === 2),
    );
    expect(again.body.endpoints.rpc).toBe(endpoint);
    const stale = await at.owner.ask("PUT", `${rollups()}/${id}/spec`, { spec: before.spec, revision: 1 });
    expect([stale.status, stale.body.error.code]).toEqual([409, "CONFLICT"]);
    const back = await at.owner.ask("POST", `${rollups()}/${id}/rollback`, { to: 1, revision: 2 });
    expect([back.body.revision, back.body.spec.execution.sliceMs]).toEqual([3, 10]);
    const revisions = await at.owner.ask("GET", `${rollups()}/${id}/revisions`);
    expect(revisions.body.items.map(({ revision }: { revision: number }) => revision)).toEqual([3, 2, 1]);
  });

  test("refuses what never changes, and says so by field", async () => {
    const { body } = await at.owner.ask("GET", `${rollups()}/${id}`);
    const spec = { ...body.spec, chain: { ...body.spec.chain, blockTimeSeconds: 2 } };
    const plan = (await at.owner.ask("POST", `${rollups()}/${id}/plan`, { spec })).body;
    expect([plan.refused, plan.actions]).toEqual([true, []]);
    const put = await at.owner.ask("PUT", `${rollups()}/${id}/spec`, { spec, revision: body.revision });
    expect([put.status, put.body.error.code]).toEqual([409, "CHANGE_REFUSED"]);
    expect(put.body.error.details.changes.map(({ path }: { path: string }) => path)).toEqual([
      "chain.blockTimeSeconds",
    ]);
  });

  test("waits for the owner's signature where only the owner decides, and will not undo it", async () => {
    const { body } = await running(id).then((rollup) => ({ body: rollup }));
    const spec = { ...body.spec, execution: { ...body.spec.execution, gasLimit: 50_000_000 } };
    const put = await at.owner.ask("PUT", `${rollups()}/${id}/spec`, { spec, revision: body.revision });
    const [signature] = put.body.signatures;
    expect(signature).toMatchObject({ field: "execution.gasLimit", to: body.contracts.SystemConfigProxy, value: "0" });
    const account = privateKeyToAccount(OWNER_KEY);
    expect(signature.from).toBe(account.address.toLowerCase());
    const wallet = createWalletClient({ account, transport: http(l1.url) });
    await wallet.sendTransaction({ to: signature.to, data: signature.data, chain: null });
    await until(
      () => at.owner.ask("GET", `${rollups()}/${id}`),
      (answer) => answer.body.signatures.length === 0,
    );
    const back = await at.owner.ask("POST", `${rollups()}/${id}/rollback`, { to: 1, revision: put.body.revision });
    expect([back.status, back.body.error.code]).toEqual([409, "CHANGE_REFUSED"]);
  });

  test("goes on after the control plane was closed, with its chain and its URL", async () => {
    const number = Number(await rpc(id, "eth_blockNumber", []));
    await at.close();
    at = await startTestPlatform({ rpcUrl: l1.url, dataDir: at.dataDir });
    const rollup = await until(
      () => at.owner.ask("GET", `${rollups()}/${id}`),
      ({ body }) => body.phase === "running" && body.endpoints !== null,
    );
    expect(rollup.body.endpoints.rpc).toBe(endpoint);
    expect(await rpc(id, "eth_getBalance", [RECEIVER, "latest"])).toBe("0x8ac7230489e80000");
    await until(
      async () => Number(await rpc(id, "eth_blockNumber", [])),
      (now) => now > number,
    );
  });

  test("is stopped, started and destroyed, and gives its name back", async () => {
    await at.owner.ask("POST", `${rollups()}/${id}/stop`, {});
    const stopped = await until(
      () => at.owner.ask("GET", `${rollups()}/${id}`),
      ({ body }) => body.phase === "stopped",
    );
    expect(stopped.body.endpoints).toBeNull();
    expect((await at.owner.ask("POST", `${rollups()}/${id}/faucet`, { address: RECEIVER })).body.error.code).toBe(
      "NOT_RUNNING",
    );
    await at.owner.ask("POST", `${rollups()}/${id}/start`, {});
    await running(id);
    const wrong = await at.owner.ask("DELETE", `${rollups()}/${id}`, { confirm: "another" });
    expect(wrong.status).toBe(400);
    expect((await at.owner.ask("DELETE", `${rollups()}/${id}`, { confirm: "first-one" })).status).toBe(202);
    await until(
      () => at.owner.ask("GET", `${rollups()}/${id}`),
      ({ body }) => body.phase === "destroyed",
    );
    const again = await at.owner.ask("POST", `${rollups()}/${id}/start`, {});
    expect([again.status, again.body.error.code]).toEqual([409, "CONFLICT"]);
    expect((await at.owner.ask("POST", rollups(), { spec: newSpec("first-one") })).status).toBe(201);
  });
});
