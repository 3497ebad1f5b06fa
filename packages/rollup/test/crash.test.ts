import { createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Devnet, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { startNodeProcess } from "./support/node-process.ts";
import { until } from "./support/until.ts";

describe("a sequencer with its batcher, killed without warning", () => {
  let devnet: Devnet;
  beforeAll(async () => {
    devnet = await startDevnet();
  }, 120_000);
  afterAll(() => devnet?.close(), 60_000);

  it("loses no acknowledged block and leaves no gap on the L1", async () => {
    const account = privateKeyToAccount(ROLES.owner);
    const configFile = await devnet.configFile("sequencer", sequencing({ maxChannelMs: 700 }));
    const follower = await devnet.node("follower");
    const receiver = "0x00000000000000000000000000000000000c4a54";
    let sent = 0n;
    let process = await startNodeProcess(configFile);
    for (let round = 0; round < 3; round++) {
      const transport = http(process.url);
      const wallet = createWalletClient({ account, transport });
      const client = createPublicClient({ transport });
      const hash = await wallet.sendTransaction({ to: receiver, value: 1n, chain: null });
      await client.waitForTransactionReceipt({ hash, pollingInterval: 50, timeout: 20_000 });
      sent++;
      // At a different point of the batcher's round each time.
      await new Promise((resolve) => setTimeout(resolve, 300 * round));
      await process.kill();
      process = await startNodeProcess(configFile);
      const resumed = createPublicClient({ transport: http(process.url) });
      expect((await resumed.getTransactionReceipt({ hash })).status).toBe("success");
      expect(await resumed.getBalance({ address: receiver })).toBe(sent);
    }
    const resumed = createPublicClient({ transport: http(process.url) });
    const target = Number(await resumed.getBlockNumber()) + 2;
    await until(() => follower.engine.heads().safe.number >= target, 60_000);
    const safe = follower.engine.heads().safe;
    expect((await resumed.getBlock({ blockNumber: BigInt(safe.number) })).hash).toBe(safe.hash);
    const balance = await follower.engine.query("eth_getBalance", JSON.stringify([receiver, "safe"]));
    expect(BigInt(JSON.parse(balance))).toBe(sent);
    await process.kill();
  }, 180_000);
});
