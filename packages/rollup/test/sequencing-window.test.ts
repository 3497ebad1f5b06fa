import { createPublicClient, createWalletClient, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it, type TestContext } from "vitest";
import type { RollupNode } from "../src/node/node.ts";
import { estimateL1Number, secondsPerBlock } from "../src/sequencer/l1-estimate.ts";
import { type WindowLevel, windowLevel } from "../src/sequencer/window-guard.ts";
import { agreeOnSafe, devnetOf, ROLES, sequencing } from "./support/devnet.ts";
import { type L1Proxy, startL1Proxy } from "./support/l1-proxy.ts";
import { until } from "./support/until.ts";

const RECEIVER = "0x00000000000000000000000000000000000057a7";
const send = (node: RollupNode): Promise<Hex> =>
  createWalletClient({
    account: privateKeyToAccount(ROLES.owner),
    transport: http(node.rpc?.httpUrl ?? ""),
  }).sendTransaction({ to: RECEIVER, value: 1n, chain: null });
const blockOf = async (node: RollupNode, hash: Hex) => {
  const client = createPublicClient({ transport: http(node.rpc?.httpUrl ?? "") });
  return Number((await client.waitForTransactionReceipt({ hash, pollingInterval: 50, timeout: 30_000 })).blockNumber);
};
const hashAt = async (node: RollupNode, number: number) => (await node.engine.payloadByNumber(number))?.blockHash;
/** The L1 takes no batch: what a provider's outage, empty accounts or a fee spike amount to. */
const withholdBatches = (proxy: L1Proxy) =>
  proxy.inject(({ method }) =>
    method === "eth_sendRawTransaction" ? { kind: "rpc-error", code: -32_000, message: "txpool is full" } : null,
  );

describe("levels of the sequencing window", () => {
  it("rise with its use and end beyond the last L1 block that may hold a batch", () => {
    const thresholds = { warnAt: 0.5, throttleAt: 0.65, stopAt: 0.8 };
    const levels = [0, 49, 50, 64, 65, 79, 80, 100, 101].map((used) => windowLevel(used, 100, thresholds));
    const expected: WindowLevel[] = [
      ...(["clear", "clear", "warning", "warning", "throttled", "throttled"] as const),
      ...(["stopped", "stopped", "expired"] as const),
    ];
    expect(levels).toEqual(expected);
  });

  it("count on while the L1 is silent, by its own block time, and not back with the clock", () => {
    expect(secondsPerBlock({ number: 10, timestamp: 1_000 }, { number: 20, timestamp: 1_120 })).toBe(12);
    expect(secondsPerBlock({ number: 10, timestamp: 1_000 }, { number: 10, timestamp: 1_000 })).toBe(1);
    expect(estimateL1Number({ latest: 20, silentMs: 60_000, secondsPerBlock: 12 })).toBe(25);
    expect(estimateL1Number({ latest: 20, silentMs: -60_000, secondsPerBlock: 12 })).toBe(20);
  });
});

describe.concurrent("batches that come late", () => {
  const start = async (test: TestContext, seqWindowSize: number) => {
    const devnet = await devnetOf(test, { seqWindowSize });
    const proxy = await startL1Proxy(devnet.anvil.url);
    test.onTestFinished(() => proxy.close());
    return { devnet, proxy, l1: { ...devnet.l1, url: proxy.url } };
  };

  it("make the sequencer warn, throttle and stop in time, and go on without a reorg once they come", async (test) => {
    const { devnet, proxy, l1 } = await start(test, 60);
    const settings = sequencing();
    const window = { warnAt: 0.2, throttleAt: 0.25, stopAt: 0.3, throttledBlockBytes: 1_000 };
    const sequencer = await devnet.node("sequencer", {
      ...settings,
      l1,
      sequencer: { ...settings.sequencer, window },
    });
    const follower = await devnet.node("follower");
    await agreeOnSafe(sequencer, follower, 3);

    withholdBatches(proxy);
    const hashes: Hex[] = [];
    const seen = new Set<WindowLevel>();
    const guard = sequencer.windowGuard;
    await until(async () => {
      const level = guard?.status.level ?? "expired";
      if (!seen.has(level)) hashes.push(await send(sequencer));
      seen.add(level);
      if (level === "throttled") expect(guard?.throttle).toBe(1_000);
      return level === "stopped";
    }, 60_000);
    // On a busy machine a level may pass between two looks; none comes out of order.
    const order: WindowLevel[] = ["clear", "warning", "throttled", "stopped"];
    expect([...seen]).toEqual(order.filter((level) => seen.has(level)));
    expect(guard?.status.usedBlocks).toBeLessThan(60);
    const stoppedAt = sequencer.engine.heads().unsafe;
    const l1Before = Number(await devnet.anvil.call("eth_blockNumber"));
    await until(async () => Number(await devnet.anvil.call("eth_blockNumber")) >= l1Before + 3);
    expect(sequencer.engine.heads().unsafe).toEqual(stoppedAt);
    const chain = await Promise.all(Array.from({ length: stoppedAt.number + 1 }, (_, at) => hashAt(sequencer, at)));

    proxy.inject(null);
    await agreeOnSafe(sequencer, follower, stoppedAt.number + 3, 60_000);
    for (const [at, hash] of chain.entries()) expect([at, await hashAt(follower, at)]).toEqual([at, hash]);
    for (const hash of hashes) expect(await blockOf(follower, hash)).toBe(await blockOf(sequencer, hash));
    await until(() => guard?.status.level !== "stopped");
  }, 180_000);

  it("cannot be caused by a channel set too large or too old: the window bounds both", async (test) => {
    const { devnet } = await start(test, 12);
    const settings = sequencing({ targetChannelBytes: 10_000_000, maxChannelMs: 3_600_000 });
    const sequencer = await devnet.node("sequencer", settings);
    const follower = await devnet.node("follower");
    await agreeOnSafe(sequencer, follower, 15, 60_000);
    expect(sequencer.windowGuard?.status.level).toBe("clear");
  }, 120_000);

  it("and never came within the window: after a long stop the chain is derived anew, and nothing in it is lost", async (test) => {
    const { devnet, proxy, l1 } = await start(test, 30);
    let sequencer = await devnet.node("sequencer", { ...sequencing(), l1 });
    const follower = await devnet.node("follower");
    await agreeOnSafe(sequencer, follower, 3);
    withholdBatches(proxy);
    const hash = await send(sequencer);
    const lost = await hashAt(sequencer, await blockOf(sequencer, hash));
    const { number } = sequencer.engine.heads().unsafe;
    await sequencer.close();
    // The window of every block made so far ends while the sequencer is away.
    await until(() => follower.engine.heads().safe.number >= number + 2, 90_000);

    proxy.inject(null);
    sequencer = await devnet.node("sequencer", { ...sequencing(), l1 });
    await until(async () => (await hashAt(sequencer, await blockOf(sequencer, hash))) !== lost, 30_000);
    await until(() => sequencer.windowGuard?.status.recovering === false, 60_000);
    await agreeOnSafe(sequencer, follower, (await blockOf(sequencer, hash)) + 3, 60_000);
    expect(await hashAt(follower, await blockOf(follower, hash))).toBe(
      await hashAt(sequencer, await blockOf(sequencer, hash)),
    );
  }, 180_000);
});
