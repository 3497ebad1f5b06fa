import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Hex, hexToBytes } from "viem";
import { describe, expect, it, type TestContext } from "vitest";
import { followFromFarBehind } from "./faults/behind.ts";
import { type Anvil, startAnvil } from "./support/anvil.ts";
import { agreeOnSafe, devnetOf, sequencing } from "./support/devnet.ts";
import { type L1Proxy, startL1Proxy } from "./support/l1-proxy.ts";
import { ShiftedClock } from "./support/shifted-clock.ts";
import { until } from "./support/until.ts";

async function proxyTo(test: TestContext, url: string | (() => string)): Promise<L1Proxy> {
  const proxy = await startL1Proxy(url);
  test.onTestFinished(() => proxy.close());
  return proxy;
}

/** Another L1 node with the first one's history, which goes on by itself. */
async function copyOf(test: TestContext, anvil: Anvil): Promise<Anvil> {
  const directory = await mkdtemp(join(tmpdir(), "altlayer-l1-"));
  test.onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, "state.json");
  await writeFile(path, gunzipSync(hexToBytes(await anvil.call<Hex>("anvil_dumpState"))));
  const copy = await startAnvil({ blockTime: 1, args: ["--load-state", path] });
  test.onTestFinished(() => copy.stop());
  return copy;
}

describe.concurrent("an L1 that misbehaves", () => {
  it("as two nodes that disagree behind one address: the chain goes on once one of them is gone", async (test) => {
    const devnet = await devnetOf(test);
    const other = await copyOf(test, devnet.anvil);
    const proxy = await proxyTo(test, devnet.anvil.url);
    const follower = await devnet.node("follower", { l1: { ...devnet.l1, url: proxy.url } });
    const sequencer = await devnet.node("sequencer", sequencing());
    await agreeOnSafe(sequencer, follower, 3);
    let turn = 0;
    proxy.inject(({ method }) =>
      method.startsWith("eth_get") && turn++ % 3 === 0 ? { kind: "other", url: other.url } : null,
    );
    await until(() => (proxy.met.get("other") ?? 0) > 30, 30_000);
    expect(follower.driver?.status.phase).toBe("deriving");
    proxy.inject(null);
    await agreeOnSafe(sequencer, follower, sequencer.engine.heads().unsafe.number + 2, 60_000);
  }, 120_000);

  it("as a server whose head goes backwards: what is safe stays safe", async (test) => {
    const devnet = await devnetOf(test);
    const proxy = await proxyTo(test, devnet.anvil.url);
    const sequencer = await devnet.node("sequencer", sequencing());
    const follower = await devnet.node("follower", { l1: { ...devnet.l1, url: proxy.url } });
    const reached = await agreeOnSafe(sequencer, follower, 6);
    // A lagging replica: nothing above block 3 exists for it.
    proxy.inject(({ method, params }) => {
      if (method !== "eth_getBlockByNumber") return null;
      if (params[0] === "latest") return { kind: "instead", params: ["0x3", false] };
      return Number(params[0]) > 3 ? { kind: "changed", change: () => null } : null;
    });
    await until(() => (proxy.met.get("instead") ?? 0) > 5 && follower.watcher.heads?.latest.number === 3);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(follower.engine.heads().safe.number).toBeGreaterThanOrEqual(reached);
    proxy.inject(null);
    await agreeOnSafe(sequencer, follower, reached + 4, 60_000);
  }, 120_000);

  it("by stopping and coming back as another process with the same state", async (test) => {
    const devnet = await devnetOf(test);
    let url = devnet.anvil.url;
    const proxy = await proxyTo(test, () => url);
    const l1 = { ...devnet.l1, url: proxy.url };
    const sequencer = await devnet.node("sequencer", { ...sequencing(), l1 });
    const follower = await devnet.node("follower", { l1 });
    await agreeOnSafe(sequencer, follower, 3);
    devnet.anvil.freeze();
    const away = sequencer.engine.heads().unsafe.number + 3;
    await until(() => sequencer.engine.heads().unsafe.number >= away, 20_000);
    devnet.anvil.thaw();
    const reborn = await copyOf(test, devnet.anvil);
    url = reborn.url;
    await devnet.anvil.stop();
    await agreeOnSafe(sequencer, follower, sequencer.engine.heads().unsafe.number + 2, 60_000);
  }, 120_000);
});

// One after the other: the first looks at times, the second at the process' memory.
describe("an L1 that is far away in time", () => {
  it("by a clock that is set forward and back: L2 time never goes back, and the chain goes on", async (test) => {
    const devnet = await devnetOf(test);
    const clock = new ShiftedClock();
    const sequencer = await devnet.node("sequencer", sequencing(), { clock });
    const follower = await devnet.node("follower");
    await agreeOnSafe(sequencer, follower, 2);
    clock.shiftMs = -3_600_000;
    // What is being sealed is finished.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const stalled = sequencer.engine.heads().unsafe.number;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(sequencer.engine.heads().unsafe.number).toBe(stalled);
    // Set right again after a moment: an hour's sleep that began meanwhile must not be slept out.
    clock.shiftMs = 8_000;
    await until(() => sequencer.engine.heads().unsafe.number >= stalled + 6, 10_000);
    clock.shiftMs = 0;
    const ahead = sequencer.engine.heads().unsafe.number;
    await agreeOnSafe(sequencer, follower, ahead + 1, 60_000);
  }, 120_000);

  it("is caught up with from far behind, steadily, in bounded memory, and the status shows how far", async () => {
    const report = await followFromFarBehind(600);
    expect(report.l2Blocks).toBeGreaterThan(250);
    expect(report.progress).toEqual([...report.progress].sort((a, b) => a - b));
    expect(new Set(report.progress).size).toBeGreaterThan(3);
    expect(report.syncing.length).toBeGreaterThan(0);
    for (const { currentBlock, highestBlock } of report.syncing) expect(currentBlock).toBeLessThan(highestBlock);
    expect(report.syncingAtTheEnd).toBe(false);
    expect(report.rssGrowthMiB).toBeLessThan(400);
  }, 180_000);
});
