import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installSnapshot, kzg, openEngine } from "@altlayer/engine";
import { loadNodeFiles, RollupNode, silentLogger } from "@altlayer/rollup";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, startL1, startTestPlatform, until } from "./harness.ts";

let l1: Anvil;
let at: TestPlatform;
let out: string;

const RECEIVER = "0x00000000000000000000000000000000000ddddd";
const PASSWORD = "correct horse battery staple";

beforeAll(async () => {
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url });
  out = mkdtempSync(join(tmpdir(), "altlayer-leave-"));
});

afterAll(async () => {
  delete process.env.ALTLAYER_KEYSTORE_PASSWORD;
  await at?.close();
  await l1?.stop();
  if (at) rmSync(at.dataDir, { recursive: true, force: true });
  if (out) rmSync(out, { recursive: true, force: true });
});

test("who leaves goes on with the chain by the archive alone, and the platform never sequences it again", async () => {
  const made = await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec: newSpec("leaving-one") });
  const path = `/teams/${at.teamId}/rollups/${made.body.id}`;
  const early = await at.owner.ask("POST", `${path}/export`, { password: PASSWORD });
  expect([early.status, early.body.error.code]).toEqual([409, "CONFLICT"]);
  await until(
    () => at.owner.ask("GET", path),
    ({ body }) => body.phase === "running",
  );
  await at.owner.ask("POST", `${path}/faucet`, { address: RECEIVER });
  const rpc = (method: string, params: unknown[]) =>
    at.owner.ask("POST", `${path}/rpc`, { jsonrpc: "2.0", id: 1, method, params });
  const balance = await until(
    () => rpc("eth_getBalance", [RECEIVER, "latest"]),
    ({ body }) => body.result !== "0x0",
  );
  const included = Number((await rpc("eth_blockNumber", [])).body.result);
  // What is safe can be left with; the rest is only the sequencer's word.
  await until(
    () => at.owner.ask("GET", `${path}/status`),
    ({ body }) => body.heads?.safe.number >= included,
  );

  expect((await at.owner.ask("POST", `${path}/export`, { password: "short" })).status).toBe(400);
  const archive = await at.owner.download(`${path}/export`, { password: PASSWORD });
  writeFileSync(join(out, "leaving.tar.gz"), archive);
  mkdirSync(join(out, "chain"));
  execFileSync("tar", ["xzf", join(out, "leaving.tar.gz"), "-C", join(out, "chain")]);
  const files = readdirSync(join(out, "chain"));
  expect(files).toEqual(
    expect.arrayContaining([
      "README.md",
      "node.json",
      "genesis.json",
      "rollup.json",
      "addresses.json",
      "keys",
      "export.snapshot",
    ]),
  );
  const key = await at.platform.services.keys.privateKey(made.body.id, "batcher");
  for (const name of readdirSync(join(out, "chain", "keys"))) {
    expect(readFileSync(join(out, "chain", "keys", name), "utf8")).not.toContain(key.slice(2));
  }

  const refused = await at.owner.ask("POST", `${path}/start`, {});
  expect([refused.status, refused.body.error.code]).toEqual([409, "CONFLICT"]);
  expect((await at.owner.ask("GET", path)).body).toMatchObject({ phase: "exported", endpoints: null });

  process.env.ALTLAYER_KEYSTORE_PASSWORD = PASSWORD;
  const config = join(out, "chain", "node.json");
  const { rpc: _rpc, flashblocks: _flashblocks, ...given } = JSON.parse(readFileSync(config, "utf8"));
  // Free ports instead of the usual ones: other tests run beside this one.
  writeFileSync(config, JSON.stringify({ ...given, rpc: { host: "127.0.0.1", port: 0 } }));
  const node = await RollupNode.start(
    { ...(await loadNodeFiles(config)), clientVersion: "test" },
    { openEngine, installSnapshot, kzg, log: silentLogger },
  );
  try {
    const ask = async (method: string, params: unknown[]) => {
      const response = await fetch(node.rpc!.httpUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      return ((await response.json()) as { result: string }).result;
    };
    expect(await ask("eth_getBalance", [RECEIVER, "latest"])).toBe(balance.body.result);
    await until(
      async () => Number(await ask("eth_blockNumber", [])),
      (number) => number > included + 1,
    );
    // Its batches are taken by the L1: the keys are the right ones.
    await until(
      async () => node.engine.heads().safe.number,
      (number) => number > included,
    );
  } finally {
    await node.close();
  }
  expect(existsSync(join(at.dataDir, "rollups", made.body.id, "genesis.json"))).toBe(true);
}, 90_000);
