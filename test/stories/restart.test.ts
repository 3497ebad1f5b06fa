import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, type TestContext, test } from "vitest";
import type { DevChain } from "./support/dev-chain.ts";
import { startDevChain, temporaryDataDir } from "./support/dev-chain.ts";
import { blockAt, headNumber, until } from "./support/rpc.ts";

const RECEIVER = "0xee00000000000000000000000000000000000000";

async function pay(chain: DevChain, wei: bigint): Promise<`0x${string}`> {
  const transport = http(chain.ready.endpoints.rpc);
  const wallet = createWalletClient({
    account: privateKeyToAccount(chain.ready.accounts[0]?.privateKey ?? "0x"),
    transport,
  });
  const hash = await wallet.sendTransaction({ chain: null, to: RECEIVER, value: wei });
  await createPublicClient({ transport, pollingInterval: 200 }).waitForTransactionReceipt({ hash });
  return hash;
}

/** A data directory of the test's own, and how to start a chain in it; both are gone when the test ends. */
function home({ onTestFinished }: TestContext) {
  const dataDir = temporaryDataDir();
  onTestFinished(() => dataDir.remove());
  const start = async (...flags: string[]): Promise<DevChain> => {
    const chain = await startDevChain({ dataDir: dataDir.path, flags });
    onTestFinished(() => chain.kill(), 60_000);
    return chain;
  };
  return { path: dataDir.path, start };
}

const balanceAt = (chain: DevChain) =>
  createPublicClient({ transport: http(chain.ready.endpoints.rpc) }).getBalance({ address: RECEIVER });

describe.concurrent("a development rollup over restarts", () => {
  test("Ctrl-C, then both chains go on: same blocks, same balances, new payments, new safe blocks", async (context) => {
    const { start } = home(context);
    const first = await start();
    await pay(first, 5n);
    const number = await headNumber(first.ready.endpoints.rpc);
    const before = await blockAt(first.ready.endpoints.rpc, number);
    expect(await first.stop()).toBe(0);

    const second = await start();
    expect(second.ready.resumed).toBe(true);
    expect(second.ready.l2GenesisHash).toBe(first.ready.l2GenesisHash);
    expect((await blockAt(second.ready.endpoints.rpc, number))?.hash).toBe(before?.hash);
    expect(await balanceAt(second)).toBe(5n);
    await pay(second, 6n);
    expect(await balanceAt(second)).toBe(11n);
    await until(
      "a safe head above the stop",
      async () => (await headNumber(second.ready.endpoints.rpc, "safe")) > number,
      90_000,
    );
    expect(await second.stop()).toBe(0);
  }, 300_000);

  test("kill -9 loses no acknowledged payment, and leaves no process behind", async (context) => {
    const { start } = home(context);
    const first = await start();
    await pay(first, 9n);
    const { l1 } = first.ready.endpoints;
    await first.kill();
    await until("anvil is gone", async () =>
      fetch(l1, { signal: AbortSignal.timeout(1_000) }).then(
        () => false,
        () => true,
      ),
    );

    const second = await start();
    expect(second.ready.resumed).toBe(true);
    await until("the payment is there", async () => (await balanceAt(second)) === 9n);
    await pay(second, 1n);
    expect(await second.stop()).toBe(0);
  }, 300_000);

  test("a long stop owes no empty blocks, and fresh begins anew", async (context) => {
    const { start } = home(context);
    const first = await start();
    await until("some blocks", async () => (await headNumber(first.ready.endpoints.rpc)) >= 3);
    expect(await first.stop()).toBe(0);
    // Longer than what is caught up with.
    await sleep(14_000);

    const second = await start();
    expect(second.ready.clockBehindSeconds).toBeGreaterThan(0);
    const head = await headNumber(second.ready.endpoints.rpc);
    await sleep(3_000);
    expect((await headNumber(second.ready.endpoints.rpc)) - head).toBeLessThan(10);
    expect(await second.stop()).toBe(0);

    const third = await start("--fresh");
    expect(third.ready.resumed).toBe(false);
    expect(await headNumber(third.ready.endpoints.rpc)).toBeLessThan(head + 3);
    expect(await third.stop()).toBe(0);
  }, 300_000);

  test("an L1 that is not this rollup's is refused with its reason", async (context) => {
    const { path, start } = home(context);
    const first = await start();
    await until(
      "a finalized block",
      async () => (await headNumber(first.ready.endpoints.rpc, "finalized")) > 0,
      90_000,
    );
    expect(await first.stop()).toBe(0);
    const mark = join(path, "rollup", "l1-mark.json");
    const { number } = JSON.parse(await readFile(mark, "utf8"));
    writeFileSync(mark, JSON.stringify({ number: number + 1_000_000, hash: `0x${"11".repeat(32)}` }));
    await expect(start()).rejects.toThrow(/L1_OLDER_THAN_ROLLUP/);
    writeFileSync(mark, JSON.stringify({ number, hash: `0x${"11".repeat(32)}` }));
    await expect(start()).rejects.toThrow(/L1_OTHER_CHAIN/);
  }, 300_000);
});
