import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { altlayer, type Running, runAltlayer } from "./support/altlayer.ts";
import type { DevChain } from "./support/dev-chain.ts";
import { startDevChain, temporaryDataDir } from "./support/dev-chain.ts";
import { blockAt, call, headNumber, until } from "./support/rpc.ts";

const dataDir = temporaryDataDir();
const other = temporaryDataDir();
let sequencer: DevChain;
let follower: Running<{ readonly role: string; readonly rpc: string }>;

beforeAll(async () => {
  sequencer = await startDevChain({ dataDir: dataDir.path });
  await altlayer("export", "--from", dataDir.path, "--out", join(other.path, "chain"));
  const { endpoints } = sequencer.ready;
  const config = {
    dataDir: "data",
    genesisFile: "chain/genesis.json",
    rollupFile: "chain/rollup.json",
    l1: { url: endpoints.l1, pollMs: 250, beacon: { urls: [endpoints.beacon] } },
    rpc: { port: 0 },
    forwardTo: endpoints.rpc,
  };
  writeFileSync(join(other.path, "node.json"), JSON.stringify(config));
  follower = await runAltlayer("node", "--config", join(other.path, "node.json"), "--log-level", "warn");
}, 240_000);
afterAll(async () => {
  await follower?.stop();
  await sequencer?.stop();
  dataDir.remove();
  other.remove();
}, 90_000);

describe("a second node", () => {
  test("rebuilds the chain from L1 data alone, block hash for block hash", async () => {
    const { rpc } = follower.ready;
    expect(follower.ready.role).toBe("follower");
    await until("twelve safe blocks", async () => (await headNumber(rpc, "safe")) >= 12, 120_000);
    for (let number = 0; number <= 12; number++) {
      const [ours, theirs] = await Promise.all([blockAt(rpc, number), blockAt(sequencer.ready.endpoints.rpc, number)]);
      expect(ours?.hash, `block ${number}`).toBe(theirs?.hash);
    }
  }, 180_000);

  test("sends a wallet's transaction on to the sequencer, and derives it from blobs", async () => {
    const { rpc } = follower.ready;
    const account = privateKeyToAccount(sequencer.ready.accounts[0]?.privateKey ?? "0x");
    const wallet = createWalletClient({ account, transport: http(rpc) });
    const hash = await wallet.sendTransaction({
      chain: null,
      to: "0xdd00000000000000000000000000000000000000",
      value: 3n,
    });
    const receipt = await until(
      "the follower's receipt",
      () => call<{ blockNumber: string; blockHash: string } | null>(rpc, "eth_getTransactionReceipt", [hash]),
      120_000,
    );
    const theirs = await call<{ blockHash: string }>(sequencer.ready.endpoints.rpc, "eth_getTransactionReceipt", [
      hash,
    ]);
    expect(receipt.blockHash).toBe(theirs.blockHash);
  }, 150_000);

  test("tells its status", async () => {
    const status = await altlayer<{ chainId: number; safe: { number: number }; lag: { batcherBlocks: number } }>(
      "status",
      "--rpc",
      follower.ready.rpc,
    );
    expect(status.chainId).toBe(sequencer.ready.chains.l2);
    expect(status.safe.number).toBeGreaterThanOrEqual(12);
    expect(status.lag.batcherBlocks).toBe(0);
  }, 60_000);
});
