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
interface NodeReady {
  readonly role: string;
  readonly rpc: string;
}
let follower: Running<NodeReady>;

/** A node of the sequencer's chain, from the files that `altlayer export` wrote. */
function startFollower(name: string, extra: object = {}): Promise<Running<NodeReady>> {
  const { endpoints } = sequencer.ready;
  const config = {
    dataDir: `${name}-data`,
    genesisFile: "chain/genesis.json",
    rollupFile: "chain/rollup.json",
    l1: { url: endpoints.l1, pollMs: 250, beacon: { urls: [endpoints.beacon] } },
    rpc: { port: 0 },
    forwardTo: endpoints.rpc,
    ...extra,
  };
  const file = join(other.path, `${name}.json`);
  writeFileSync(file, JSON.stringify(config));
  return runAltlayer<NodeReady>("node", "--config", file, "--log-level", "warn");
}

beforeAll(async () => {
  sequencer = await startDevChain({ dataDir: dataDir.path, flags: ["--gossip-port", "0"] });
  await altlayer("export", "--from", dataDir.path, "--out", join(other.path, "chain"));
  follower = await startFollower("follower");
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

  test("hears of blocks from its peer before they are on L1, signed by the sequencer", async () => {
    const listener = await startFollower("listener", { gossip: { peers: [sequencer.ready.endpoints.gossip] } });
    try {
      const ahead = await until(
        "an unsafe block ahead of the safe one",
        async () => {
          const [latest, safe] = await Promise.all(
            ["latest", "safe"].map((tag) => headNumber(listener.ready.rpc, tag)),
          );
          return (latest ?? 0) > (safe ?? 0) + 1 && latest;
        },
        90_000,
      );
      const [heard, made] = await Promise.all(
        [listener.ready.rpc, sequencer.ready.endpoints.rpc].map((url) => blockAt(url, ahead)),
      );
      expect(heard?.hash).toBe(made?.hash);
    } finally {
      expect(await listener.stop()).toBe(0);
    }
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
