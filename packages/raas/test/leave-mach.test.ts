import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installSnapshot, kzg, openEngine } from "@altlayer/engine";
import { Keeper, parseServiceFile } from "@altlayer/restaking";
import { loadAccount, loadNodeFiles, RollupNode, silentLogger } from "@altlayer/rollup";
import { createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, startL1, startTestPlatform, until } from "./harness.ts";

/** A restaked rollup is taken away with its operators, and certified where it goes on. */

let l1: Anvil;
let at: TestPlatform;
let out: string;
const PASSWORD = "correct horse battery staple";
const RECEIVER = "0x00000000000000000000000000000000000ddddd";
const OPERATORS = 4;
/** Anvil's second account. */
const KEEPER = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const WAIT_MS = 240_000;

beforeAll(async () => {
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url });
  out = mkdtempSync(join(tmpdir(), "altlayer-leave-mach-"));
}, 60_000);

afterAll(async () => {
  delete process.env.ALTLAYER_KEYSTORE_PASSWORD;
  await at?.close();
  await l1?.stop();
  if (at) rmSync(at.dataDir, { recursive: true, force: true });
  if (out) rmSync(out, { recursive: true, force: true });
}, 60_000);

/** The ports of the archive are the usual ones: other tests run beside this one. */
async function onFreePorts(chain: string): Promise<void> {
  const usual = [9222, 1111, 9100, ...Array.from({ length: OPERATORS }, (_, index) => 9101 + index)];
  const free = new Map<number, number>();
  for (const port of usual) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    free.set(port, (server.address() as { port: number }).port);
    await new Promise((resolve) => server.close(resolve));
  }
  const files = ["node.json", ...Array.from({ length: OPERATORS }, (_, index) => `operators/${index}/node.json`)];
  for (const file of files) {
    let text = readFileSync(join(chain, file), "utf8");
    for (const [port, other] of free) {
      text = text.replaceAll(`/tcp/${port}"`, `/tcp/${other}"`).replaceAll(`127.0.0.1:${port}/`, `127.0.0.1:${other}/`);
      text = text.replaceAll(`"port": ${port}`, `"port": ${other}`);
    }
    text = text.replaceAll('"port": 8545', '"port": 0');
    writeFileSync(join(chain, file), text);
  }
}

test("the archive of a restaked rollup runs with its operators, and its blocks are certified there", async () => {
  const spec = newSpec("leaving-certified", { services: { mach: { operators: OPERATORS } } });
  const made = await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec });
  expect(made.status).toBe(201);
  const path = `/teams/${at.teamId}/rollups/${made.body.id}`;
  await until(
    () => at.owner.ask("GET", path),
    ({ body }) => body.phase === "running",
    WAIT_MS,
  );
  const rpc = async (method: string, params: unknown[]) =>
    (await at.owner.ask("POST", `${path}/rpc`, { jsonrpc: "2.0", id: 1, method, params })).body.result;
  const certifiedOf = (head: { certified: { number: number } | null } | null) => head?.certified?.number ?? 0;
  const paid = await at.owner.ask("POST", `${path}/faucet`, { address: RECEIVER });
  const receipt = await until(
    () => rpc("eth_getTransactionReceipt", [paid.body.transactionHash]),
    (found) => found !== null && found !== undefined,
    WAIT_MS,
  );
  await until(
    () => rpc("mach_getHead", []),
    (head) => certifiedOf(head) >= Number(receipt.blockNumber),
    WAIT_MS,
  );

  const archive = await at.owner.download(`${path}/export`, { password: PASSWORD });
  writeFileSync(join(out, "leaving.tar.gz"), archive);
  const chain = join(out, "chain");
  mkdirSync(chain);
  execFileSync("tar", ["xzf", join(out, "leaving.tar.gz"), "-C", chain]);
  expect(readFileSync(join(chain, "README.md"), "utf8")).toContain("All blocks had reached the settlement network");
  expect(JSON.parse(readFileSync(join(chain, "node.json"), "utf8"))).toHaveProperty("mach.avs");
  for (let index = 0; index < OPERATORS; index++) {
    expect(existsSync(join(chain, `operators/${index}/data/mach/signing.journal`))).toBe(true);
  }

  await onFreePorts(chain);
  writeFileSync(join(chain, "password"), PASSWORD);
  process.env.ALTLAYER_KEYSTORE_PASSWORD = PASSWORD;
  // With its L1 account an operator can leave the service, and take its stake back.
  const { mach } = (await at.owner.ask("GET", path)).body;
  const accounts = Array.from({ length: OPERATORS }, (_, index) =>
    loadAccount({ kind: "keystore", path: join(chain, `keys/operator-${index}.json`) }),
  );
  expect((await Promise.all(accounts)).map(({ address }) => address.toLowerCase())).toEqual(mach.operators);
  const closers: (() => Promise<void>)[] = [];
  const start = async (file: string) => {
    const node = await RollupNode.start(
      { ...(await loadNodeFiles(join(chain, file))), clientVersion: "test" },
      {
        openEngine,
        installSnapshot,
        kzg,
        log: silentLogger,
      },
    );
    closers.push(() => node.close());
    return node;
  };
  try {
    const sequencer = await start("node.json");
    for (let index = 0; index < OPERATORS; index++) await start(`operators/${index}/node.json`);
    // Whoever keeps the operator tables fresh may have any account with ether (altlayer operator run).
    const service = parseServiceFile(readFileSync(join(chain, "mach.json"), "utf8"));
    const account = privateKeyToAccount(KEEPER);
    const publicClient = createPublicClient({ transport: http(l1.url), pollingInterval: 100, cacheTime: 0 });
    const walletClient = createWalletClient({ account, transport: http(l1.url) });
    const keeper = new Keeper(service, { clients: { publicClient, walletClient }, log: silentLogger }, { pollMs: 200 });
    keeper.start();
    closers.push(() => keeper.close());
    const ask = async (method: string, params: unknown[]) => {
      const response = await fetch(sequencer.rpc!.httpUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      return ((await response.json()) as { result: never }).result;
    };
    // The user's transaction is there, in the block that was certified under the platform.
    const there = await until(
      () => ask("eth_getTransactionReceipt", [paid.body.transactionHash]),
      (found: { blockHash: string } | null) => found !== null,
      WAIT_MS,
    );
    expect((there as unknown as { blockHash: string }).blockHash).toBe(receipt.blockHash);
    const left = sequencer.engine.heads().safe.number;
    await until(
      async () => certifiedOf(await ask("mach_getHead", [])),
      (height) => height > left + 2,
      WAIT_MS,
    );
  } finally {
    for (const close of closers.reverse()) await close();
  }
}, 900_000);
