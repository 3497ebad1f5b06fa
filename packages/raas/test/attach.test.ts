import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import type { TestPlatform } from "./harness.ts";
import { development, newSpec, removeDir, startL1, startTestPlatform, until } from "./harness.ts";

/**
 * One platform runs a rollup; another, which knows nothing of it, attaches it through a public RPC: a server that hides
 * the node's own namespace, and can fail or lie.
 */
class PublicRpc {
  node = "";
  readonly hidden = new Set<string>();
  /** Answers that are changed on their way. */
  readonly lies = new Map<string, (result: unknown, params: readonly unknown[]) => unknown>();
  silent = false;
  readonly #server: Server = createServer((request, response) => {
    void text(request).then(async (body) => {
      if (this.silent) return void response.writeHead(503).end();
      const calls = JSON.parse(body) as { id: number; method: string; params: unknown[] }[];
      const answer = await fetch(this.node, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      const results = (await answer.json()) as { id: number; result?: unknown }[];
      const told = results.map((result) => {
        const { method, params } = calls.find(({ id }) => id === result.id)!;
        if (this.hidden.has(method)) return { jsonrpc: "2.0", id: result.id, error: { code: -32601, message: "no" } };
        const lie = this.lies.get(method);
        return lie === undefined ? result : { ...result, result: lie(result.result, params) };
      });
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(told));
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v3/customers-secret-key`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const WAIT_MS = 60_000;
const RECEIVER = "0x00000000000000000000000000000000000ddddd";
let l1: Anvil;
let theirs: TestPlatform;
let ours: TestPlatform;
let rpc: PublicRpc;
let rpcUrl: string;
let systemConfig: string;
let foreign: string;
let id: string;
let chainId: number;

const options = () => ({
  rpcUrl: l1.url,
  allowPrivateAddresses: true,
  alarmTuning: {
    everyMs: 200,
    timing: { clearAfterMs: 500, relapsesMax: 0, relapseWindowMs: 0, raiseAfterMs: 500 },
  },
});

beforeAll(async () => {
  l1 = await startL1();
  rpc = new PublicRpc();
  rpcUrl = await rpc.listen();
  theirs = await startTestPlatform({ rpcUrl: l1.url });
  const spec = newSpec("foreign-one", { proposals: { intervalSeconds: 2 } });
  foreign = (await theirs.owner.ask("POST", `/teams/${theirs.teamId}/rollups`, { spec })).body.id;
  const { body } = await until(
    () => theirs.owner.ask("GET", `/teams/${theirs.teamId}/rollups/${foreign}`),
    (answer) => answer.body.phase === "running",
    WAIT_MS,
  );
  rpc.node = body.endpoints.rpc;
  systemConfig = body.contracts.SystemConfigProxy;
  chainId = body.chainId;
  ours = await startTestPlatform(options());
  // The rollup's first claim is on the L1.
  const { DisputeGameFactoryProxy: to } = body.contracts;
  await until(
    async () =>
      Number(
        await ours.platform.services.networks.request("development", "eth_call", [
          { to, data: "0x4d1975b4" },
          "latest",
        ]),
      ),
    (games) => games > 0,
    WAIT_MS,
  );
}, 180_000);

afterAll(async () => {
  await ours?.close();
  await theirs?.close();
  rpc?.close();
  await l1?.stop();
  for (const platform of [ours, theirs]) if (platform) removeDir(platform.dataDir);
});

const team = (path: string) => `/teams/${ours.teamId}${path}`;
const attach = (over: Record<string, unknown> = {}) =>
  ours.owner.ask("POST", team("/attach"), {
    name: "seen-one",
    network: "development",
    systemConfig,
    rpcUrl,
    ...over,
  });
const PEER = "/ip4/203.0.113.7/tcp/9222/p2p/16Uiu2HAmDzjRBNuNP4wvt5pAEMbJNoMd5Jh4B3RzK5pzcrDqmXzX";
const wrong = "0x00000000000000000000000000000000000000ff";

describe("a chain that others run", { timeout: 120_000 }, () => {
  test.each([
    ["contracts", { systemConfig: wrong }, []],
    ["chain id", {}, [["eth_chainId", () => "0x1"]]],
    [
      "genesis",
      {},
      [
        [
          "eth_getBlockByNumber",
          (block: unknown, [tag]: readonly unknown[]) =>
            tag === "0x0" ? { ...(block as object), hash: `0x${"ab".repeat(32)}` } : block,
        ],
      ],
    ],
    [
      "output root",
      {},
      [["eth_getProof", (proof: unknown) => ({ ...(proof as object), storageHash: `0x${"cd".repeat(32)}` })]],
    ],
    [
      "bridge",
      {},
      [
        [
          "eth_call",
          (result: unknown) => (String(result).length === 66 ? `0x${wrong.slice(2).padStart(64, "0")}` : result),
        ],
      ],
    ],
  ] as const)("is refused where the RPC's chain does not fit what the L1 says: %s", async (finding, over, lies) => {
    for (const [method, lie] of lies) rpc.lies.set(method, lie as never);
    const answer = await attach(over);
    rpc.lies.clear();
    expect([answer.status, answer.body.error?.code, answer.body.error?.details.finding]).toEqual([
      422,
      "ATTACH_REFUSED",
      finding,
    ]);
  });

  test("is refused at an address that the platform may not call, and through an RPC that is none", async () => {
    const strict = await startTestPlatform({ rpcUrl: l1.url });
    try {
      const body = { name: "inside-one", network: "development", systemConfig, rpcUrl };
      const inside = await strict.owner.ask("POST", `/teams/${strict.teamId}/attach`, body);
      expect([inside.status, inside.body.error.code]).toEqual([422, "ADDRESS_REFUSED"]);
    } finally {
      await strict.close();
      removeDir(strict.dataDir);
    }
    rpc.silent = true;
    const silent = await attach();
    rpc.silent = false;
    expect([silent.status, silent.body.error.code]).toEqual([502, "UPSTREAM"]);
  });

  test("is attached once all fits, runs, and tells nobody the RPC's key", async () => {
    rpc.hidden.add("optimism_syncStatus");
    const made = await attach();
    expect([made.status, made.body.kind, made.body.chainId]).toEqual([201, "attached", chainId]);
    id = made.body.id;
    const { body } = await until(
      () => ours.owner.ask("GET", team(`/rollups/${id}`)),
      (answer) => answer.body.phase === "running",
      WAIT_MS,
    );
    expect(body.contracts.SystemConfigProxy).toBe(systemConfig);
    expect(body.accounts).toEqual([]);
    const attachment = await ours.owner.ask("GET", team(`/rollups/${id}/attachment`));
    const verdicts = Object.fromEntries(
      attachment.body.findings.map(({ name, ok }: { name: string; ok: boolean | null }) => [name, ok]),
    );
    expect(verdicts).toMatchObject({ "chain id": true, bridge: true, genesis: true, "output root": true, MACH: true });
    for (const answer of [body, attachment.body, made.body]) {
      expect(JSON.stringify(answer)).not.toContain("customers-secret-key");
    }
  });

  test("shows its heads and its explorer, also where the RPC serves only what wallets need", async () => {
    const live = await until(
      () => ours.owner.ask("GET", team(`/rollups/${id}/status`)),
      ({ body }) => body.heads !== null,
      WAIT_MS,
    );
    expect(live.body.heads.unsafe.number).toBeGreaterThanOrEqual(live.body.heads.safe.number);
    const drip = await theirs.owner.ask("POST", `/teams/${theirs.teamId}/rollups/${foreign}/faucet`, {
      address: RECEIVER,
    });
    const found = await until(
      () => ours.owner.ask("GET", team(`/rollups/${id}/explorer/transactions/${drip.body.transactionHash}`)),
      ({ status }) => status === 200,
      WAIT_MS,
    );
    expect(found.body.to).toBe(RECEIVER);
    const balance = { jsonrpc: "2.0", id: 1, method: "eth_getBalance", params: [RECEIVER, "latest"] };
    const { body } = await ours.owner.ask("POST", team(`/rollups/${id}/rpc`), balance);
    expect(BigInt(body.result)).toBeGreaterThan(0n);
  });

  test("raises an alarm when its RPC is silent, and clears it", async () => {
    const standing = async () =>
      (await ours.owner.ask("GET", team(`/alarms?open=true&rollup=${id}`))).body.items.map(
        ({ code }: { code: string }) => code,
      );
    rpc.silent = true;
    await until(standing, (codes) => codes.includes("NODE_SILENT"), WAIT_MS);
    rpc.silent = false;
    await until(standing, (codes) => codes.length === 0, WAIT_MS);
  });

  test("is looked at as one likes, and is not changed, exported or snapshotted", async () => {
    const { body } = await ours.owner.ask("GET", team(`/rollups/${id}`));
    const spec = { ...body.spec, alarms: { ...body.spec.alarms, batchLagMinutes: 60 } };
    const put = await ours.owner.ask("PUT", team(`/rollups/${id}/spec`), { spec, revision: body.revision });
    expect(put.body.revision).toBe(2);
    const changed = { ...spec, execution: { ...spec.execution, gasLimit: 50_000_000 } };
    const refused = await ours.owner.ask("PUT", team(`/rollups/${id}/spec`), { spec: changed, revision: 2 });
    expect(refused.body.error.code).toBe("CHANGE_REFUSED");
    const left = await ours.owner.ask("POST", team(`/rollups/${id}/export`), { password: "a long password" });
    expect([left.status, left.body.error.code]).toEqual([409, "CONFLICT"]);
    const snapshot = await ours.owner.ask("POST", team(`/rollups/${id}/snapshot`), {});
    expect([snapshot.status, snapshot.body.error.code]).toEqual([409, "CONFLICT"]);
    const again = await attach({ name: "seen-twice" });
    expect([again.status, again.body.error.code]).toEqual([409, "CONFLICT"]);
    const other = await ours.owner.ask("POST", "/teams", { name: "who watch it too" });
    const theirView = await ours.owner.ask("POST", `/teams/${other.body.id}/attach`, {
      name: "seen-one",
      network: "development",
      systemConfig,
      rpcUrl,
    });
    expect(theirView.status).toBe(201);
  });

  test("what its RPC makes up of heads and receipts is not told", async () => {
    const head = { number: "<script>", hash: "0x", timestamp: -1 };
    rpc.hidden.delete("optimism_syncStatus");
    rpc.lies.set("optimism_syncStatus", () => ({ head_l1: head, unsafe_l2: head, safe_l2: head }));
    const live = await until(
      () => ours.owner.ask("GET", team(`/rollups/${id}/status`)),
      ({ status, body }) => status !== 200 || body.heads === null,
      WAIT_MS,
    );
    expect([live.status, live.body.l1]).toEqual([200, null]);
    expect((await ours.owner.ask("GET", `/status/${id}`)).status).toBe(200);
    rpc.hidden.add("optimism_syncStatus");
    const { body } = await ours.owner.ask("GET", team(`/rollups/${id}/explorer/transactions?limit=1`));
    rpc.lies.set("eth_getTransactionReceipt", (receipt) => ({ ...(receipt as object), l1Fee: "much" }));
    const shown = await ours.owner.ask("GET", team(`/rollups/${id}/explorer/transactions/${body.items[0].hash}`));
    rpc.lies.clear();
    expect([shown.status, shown.body.l1FeeWei]).toEqual([200, null]);
  });

  test("the audit log names the RPC's host, and not its key", async () => {
    const { body } = await ours.owner.ask("GET", team("/audit"));
    const attached = body.items.find(({ action }: { action: string }) => action === "rollups.attach");
    expect(attached.details).toMatchObject({ name: "seen-one", rpcUrl: new URL(rpcUrl).host });
    expect(JSON.stringify(body)).not.toContain("customers-secret-key");
  });

  test("is given MACH only with peers by address, its own genesis, and the configuration that the L1 knows", async () => {
    const text = readFileSync(join(theirs.dataDir, "rollups", foreign, "genesis.json"), "utf8");
    const genesis = gzipSync(text).toString("base64");
    const refusal = async (over: Record<string, unknown>) => {
      const body = { genesis, peers: [PEER], operators: 4, ...over };
      const { status, body: answer } = await ours.owner.ask("POST", team(`/rollups/${id}/attachment/mach`), body);
      return [status, answer.error.code, answer.error.details.reason];
    };
    expect(await refusal({ peers: [] })).toEqual([400, "BAD_REQUEST", undefined]);
    expect(await refusal({ peers: [PEER.replace("/ip4/203.0.113.7", "/dns4/peer.example")] })).toEqual([
      400,
      "BAD_REQUEST",
      undefined,
    ]);
    expect(await refusal({ genesis: "bm8gZ3ppcA==" })).toEqual([409, "MACH_REFUSED", "genesis"]);
    const other = JSON.stringify({ ...JSON.parse(text), timestamp: "0x1" });
    expect(await refusal({ genesis: gzipSync(other).toString("base64") })).toEqual([409, "MACH_REFUSED", "genesis"]);
    rpc.lies.set("optimism_rollupConfig", (config) => ({ ...(config as object), deposit_contract_address: wrong }));
    expect(await refusal({})).toEqual([409, "MACH_REFUSED", "configuration"]);
    rpc.lies.clear();
    const own = { genesis, peers: [PEER] };
    const managed = await theirs.owner.ask("POST", `/teams/${theirs.teamId}/rollups/${foreign}/attachment/mach`, own);
    expect([managed.status, managed.body.error.code]).toEqual([409, "CONFLICT"]);
    const { body } = await ours.owner.ask("GET", team(`/rollups/${id}`));
    expect([body.mach, body.phase]).toEqual([null, "running"]);
  });

  test("is given none where the platform's own operators would hold the stake of a network that is no development's", async () => {
    const other = await startTestPlatform({
      ...options(),
      networks: [{ ...development(l1.url), id: "public", name: "Public", development: false }],
    });
    try {
      const at = (path: string) => `/teams/${other.teamId}${path}`;
      const body = { name: "seen-there", network: "public", systemConfig, rpcUrl };
      const made = await other.owner.ask("POST", at("/attach"), body);
      expect(made.status).toBe(201);
      const mach = { genesis: "", peers: [PEER] };
      const { body: answer } = await other.owner.ask("POST", at(`/rollups/${made.body.id}/attachment/mach`), mach);
      expect([answer.error.code, answer.error.details.reason]).toEqual(["MACH_REFUSED", "network"]);
      expect(answer.error.message).toContain("altlayer restake create");
    } finally {
      await other.close();
      removeDir(other.dataDir);
    }
  });

  test("has no peers that the platform may not call", async () => {
    await ours.close();
    ours = await startTestPlatform({ ...options(), allowPrivateAddresses: false, dataDir: ours.dataDir });
    const mach = { genesis: "", peers: [PEER, `/ip4/127.0.0.1/tcp/9222/p2p/${PEER.split("/").at(-1)}`] };
    const { body } = await ours.owner.ask("POST", team(`/rollups/${id}/attachment/mach`), mach);
    expect(body.error.code).toBe("ADDRESS_REFUSED");
    await ours.close();
    ours = await startTestPlatform({ ...options(), dataDir: ours.dataDir });
  });

  test("is reached again by a control plane that starts anew, and let go without harm", async () => {
    await ours.close();
    ours = await startTestPlatform({ ...options(), dataDir: ours.dataDir });
    await until(
      () => ours.owner.ask("GET", team(`/rollups/${id}/status`)),
      ({ body }) => body.phase === "running" && body.heads !== null,
      WAIT_MS,
    );
    await ours.owner.ask("DELETE", team(`/rollups/${id}`), { confirm: "seen-one" });
    await until(
      () => ours.owner.ask("GET", team(`/rollups/${id}`)),
      ({ body }) => body.phase === "destroyed",
      WAIT_MS,
    );
    const { body } = await theirs.owner.ask("GET", `/teams/${theirs.teamId}/rollups/${foreign}`);
    expect(body.phase).toBe("running");
  });
});
