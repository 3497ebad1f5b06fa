import { createPublicClient, createWalletClient, http, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RollupNode } from "../src/node/node.ts";
import { agreeOnSafe, type Devnet, proposing, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { until } from "./support/until.ts";

describe("a rollup on a real anvil", () => {
  let devnet: Devnet;
  let sequencer: RollupNode;

  beforeAll(async () => {
    devnet = await startDevnet();
    sequencer = await devnet.node("sequencer", sequencing());
  }, 120_000);
  afterAll(() => devnet?.close(), 60_000);

  it("includes a wallet's transfer within its block time", async () => {
    const account = privateKeyToAccount(ROLES.owner);
    const transport = http(sequencer.rpc?.httpUrl ?? "");
    const client = createPublicClient({ transport });
    const wallet = createWalletClient({ account, transport });
    const hash = await wallet.sendTransaction({ to: `0x${"42".repeat(20)}`, value: parseEther("1"), chain: null });
    const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 100, timeout: 10_000 });
    expect(receipt.status).toBe("success");
    expect(await client.getBalance({ address: `0x${"42".repeat(20)}` })).toBe(parseEther("1"));
  }, 30_000);

  it("is derived by a follower from calldata alone, to equal hashes", async () => {
    const follower = await devnet.node("follower");
    const number = await agreeOnSafe(sequencer, follower, sequencer.engine.heads().unsafe.number + 3);
    expect(number).toBeGreaterThan(3);
    await follower.close();
  }, 60_000);

  it("goes on after a restart of the sequencer, without a gap", async () => {
    const before = sequencer.engine.heads().unsafe;
    await sequencer.close();
    sequencer = await devnet.node("sequencer", sequencing());
    expect(sequencer.engine.heads().unsafe.number).toBeGreaterThanOrEqual(before.number);
    await until(() => sequencer.engine.heads().safe.number > before.number, 30_000);
    expect((await sequencer.engine.payloadByNumber(before.number))?.blockHash).toBe(before.hash);
  }, 60_000);

  it("is derived from blobs through the beacon facade", async () => {
    await sequencer.close();
    sequencer = await devnet.node("sequencer", sequencing({ dataAvailability: "blobs" }));
    const start = sequencer.engine.heads().unsafe.number;
    const follower = await devnet.node("blob-follower");
    await agreeOnSafe(sequencer, follower, start + 3, 60_000);
    await follower.close();
  }, 90_000);
});

describe("the proposer", () => {
  let devnet: Devnet;
  afterAll(() => devnet?.close(), 60_000);

  it("creates dispute games over output roots and resolves them", async () => {
    devnet = await startDevnet();
    const node = await devnet.node("sequencer", { ...sequencing(), ...proposing(devnet) });
    await until(() => (node.proposer?.resolved ?? 0) > 0, 60_000);
    expect(node.proposer?.lastProposed).toBeGreaterThan(0);
  }, 120_000);
});
