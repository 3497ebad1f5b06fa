import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, describe, expect, test } from "vitest";
import type { DevChain } from "./support/dev-chain.ts";
import { startDevChain, temporaryDataDir } from "./support/dev-chain.ts";
import { blockAt, headNumber, until } from "./support/rpc.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 60_000);

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

function start(path: string, ...flags: string[]): Promise<DevChain> {
  return startDevChain({ dataDir: path, flags });
}

function folder(): string {
  const dataDir = temporaryDataDir();
  cleanups.push(() => dataDir.remove());
  return dataDir.path;
}

const balanceAt = (chain: DevChain) =>
  createPublicClient({ transport: http(chain.ready.endpoints.rpc) }).getBalance({ address: RECEIVER });

describe("a development rollup over restarts", () => {
  test("Ctrl-C, then both chains go on: same blocks, same balances, new payments, new safe blocks", async () => {
    const path = folder();
    const first = await start(path);
    cleanups.push(() => first.kill());
    await pay(first, 5n);
    const number = await headNumber(first.ready.endpoints.rpc);
    const before = await blockAt(first.ready.endpoints.rpc, number);
    expect(await first.stop()).toBe(0);

    const second = await start(path);
    cleanups.push(() => second.kill());
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

  test("kill -9 loses no acknowledged payment, and leaves no process behind", async () => {
    const path = folder();
    const first = await start(path);
    cleanups.push(() => first.kill());
    await pay(first, 9n);
    const { l1 } = first.ready.endpoints;
    await first.kill();
    await until("anvil is gone", async () =>
      fetch(l1, { signal: AbortSignal.timeout(1_000) }).then(
        () => false,
        () => true,
      ),
    );

    const second = await start(path);
    cleanups.push(() => second.kill());
    expect(second.ready.resumed).toBe(true);
    await until("the payment is there", async () => (await balanceAt(second)) === 9n);
    await pay(second, 1n);
    expect(await second.stop()).toBe(0);
  }, 300_000);

  test("a long stop owes no empty blocks, and fresh begins anew", async () => {
    const path = folder();
    const first = await start(path);
    cleanups.push(() => first.kill());
    await until("some blocks", async () => (await headNumber(first.ready.endpoints.rpc)) >= 3);
    expect(await first.stop()).toBe(0);
    // Longer than what is caught up with.
    await sleep(14_000);

    const second = await start(path);
    cleanups.push(() => second.kill());
    expect(second.ready.clockBehindSeconds).toBeGreaterThan(0);
    const head = await headNumber(second.ready.endpoints.rpc);
    await sleep(3_000);
    expect((await headNumber(second.ready.endpoints.rpc)) - head).toBeLessThan(10);
    expect(await second.stop()).toBe(0);

    const third = await start(path, "--fresh");
    cleanups.push(() => third.kill());
    expect(third.ready.resumed).toBe(false);
    expect(await headNumber(third.ready.endpoints.rpc)).toBeLessThan(head + 3);
    expect(await third.stop()).toBe(0);
  }, 300_000);

  test("an L1 that is not this rollup's is refused with its reason", async () => {
    const path = folder();
    const first = await start(path);
    cleanups.push(() => first.kill());
    await until(
      "a finalized block",
      async () => (await headNumber(first.ready.endpoints.rpc, "finalized")) > 0,
      90_000,
    );
    expect(await first.stop()).toBe(0);
    const mark = join(path, "rollup", "l1-mark.json");
    const { number } = JSON.parse(await readFile(mark, "utf8"));
    writeFileSync(mark, JSON.stringify({ number: number + 1_000_000, hash: `0x${"11".repeat(32)}` }));
    await expect(start(path)).rejects.toThrow(/L1_OLDER_THAN_ROLLUP/);
    writeFileSync(mark, JSON.stringify({ number, hash: `0x${"11".repeat(32)}` }));
    await expect(start(path)).rejects.toThrow(/L1_OTHER_CHAIN/);
  }, 300_000);
});
