import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "@altlayer/rollup";
import { afterEach, describe, expect, test } from "vitest";
import type { Anvil, AnvilOptions } from "../src/dev/anvil.ts";
import { startAnvil } from "../src/dev/anvil.ts";
import { freePort } from "../src/dev/ports.ts";
import { rpc } from "../src/rpc.ts";

const log = silentLogger;
const FUNDED = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
const OTHER = "0x00000000000000000000000000000000000000aa";
const running: Anvil[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((anvil) => anvil.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "altlayer-anvil-"));
  folders.push(path);
  return path;
}

async function start(directory: string, overrides: Partial<AnvilOptions> = {}): Promise<Anvil> {
  const anvil = await startAnvil(
    {
      directory,
      port: await freePort(),
      chainId: 31337,
      blockTimeSeconds: 1,
      mnemonic: "test test test test test test test test test test test junk",
      accounts: 10,
      catchUpMaxSeconds: 60,
      ...overrides,
    },
    { log },
  );
  running.push(anvil);
  return anvil;
}

/** With blocks at their time. */
async function startTicking(directory: string, overrides: Partial<AnvilOptions> = {}): Promise<Anvil> {
  const anvil = await start(directory, overrides);
  await anvil.startClock();
  return anvil;
}

async function stop(anvil: Anvil): Promise<void> {
  running.splice(running.indexOf(anvil), 1);
  await anvil.stop();
}

const block = (url: string, id: string) =>
  rpc<{ number: string; hash: string; timestamp: string }>(url, "eth_getBlockByNumber", [id, false]);

async function untilBlock(url: string, number: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (Number((await block(url, "latest")).number) >= number) return;
    await sleep(100);
  }
  expect.fail(`no block ${number} within 10 s`);
}

describe("the development L1", () => {
  test("goes on with its chain, balances and receipts after a stop", async () => {
    const directory = folder();
    const first = await startTicking(directory);
    const transaction = await rpc<string>(first.url, "eth_sendTransaction", [
      { from: FUNDED, to: OTHER, value: "0x7" },
    ]);
    await untilBlock(first.url, 2);
    const before = await block(first.url, "0x1");
    await stop(first);

    const second = await startTicking(directory);
    expect(second.resumed?.blockNumber).toBeGreaterThanOrEqual(2);
    expect((await block(second.url, "0x1")).hash).toBe(before.hash);
    expect(await rpc(second.url, "eth_getBalance", [OTHER, "latest"])).toBe("0x7");
    expect(await rpc<{ status: string }>(second.url, "eth_getTransactionReceipt", [transaction])).toMatchObject({
      status: "0x1",
    });
    await untilBlock(second.url, (second.resumed?.blockNumber ?? 0) + 2);
  });

  test("owes no blocks for the time that it was stopped: its clock is shifted", async () => {
    const directory = folder();
    const first = await startTicking(directory);
    await untilBlock(first.url, 1);
    await stop(first);
    // As if the stop had lasted: a gap of three seconds against a bound of one.
    await sleep(3_000);
    const second = await start(directory, { catchUpMaxSeconds: 1 });
    expect(await second.startClock()).toBeLessThanOrEqual(-1_500);
    const head = second.resumed;
    await untilBlock(second.url, (head?.blockNumber ?? 0) + 1);
    const next = await block(second.url, `0x${((head?.blockNumber ?? 0) + 1).toString(16)}`);
    expect(Number(next.timestamp) - (head?.timestamp ?? 0)).toBeLessThanOrEqual(2);
  });

  test("survives the torn file of a machine that went down, by the last periodic state", async () => {
    const directory = folder();
    const first = await startTicking(directory);
    await untilBlock(first.url, 1);
    await stop(first);
    const whole = await readFile(join(directory, "state.json"), "utf8");
    writeFileSync(join(directory, "state-at-exit.json"), whole.slice(0, whole.length / 2));
    const second = await startTicking(directory);
    expect(second.resumed?.blockNumber).toBeGreaterThanOrEqual(1);
  });

  test("says that a state is unreadable rather than beginning a new chain over it", async () => {
    const directory = folder();
    writeFileSync(join(directory, "state.json"), "{");
    await expect(start(directory)).rejects.toMatchObject({ code: "DATA_DIR_CORRUPT", exitCode: 3 });
  });

  test("makes blocks on command before its clock runs, none of them in the future", async () => {
    const anvil = await start(folder());
    const hash = await rpc<string>(anvil.url, "eth_sendTransaction", [{ from: FUNDED, to: OTHER, value: "0x7" }]);
    await anvil.mine();
    expect(await rpc<{ blockNumber: string }>(anvil.url, "eth_getTransactionReceipt", [hash])).toMatchObject({
      blockNumber: "0x1",
    });
    const first = Number((await block(anvil.url, "latest")).timestamp);
    expect(first).toBeLessThanOrEqual(Date.now() / 1000);
    await anvil.mine();
    expect(Number((await block(anvil.url, "latest")).timestamp)).toBeGreaterThan(first);
    expect(await anvil.startClock()).toBe(0);
    await untilBlock(anvil.url, 3);
  });

  test("is never mistaken for another anvil that has its port", async () => {
    const port = await freePort();
    await start(folder(), { port });
    await expect(start(folder(), { port })).rejects.toMatchObject({ code: "PORT_IN_USE", exitCode: 3 });
  });
});
