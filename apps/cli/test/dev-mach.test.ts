import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Address, createPublicClient, createWalletClient, defineChain, erc20Abi, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DevReady } from "../src/dev/session.ts";

const PROGRAM = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
let folder: string;
let session: ChildProcess | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "altlayer-dev-mach-"));
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

async function start(): Promise<DevReady> {
  const ports = ["rpc", "l1", "beacon", "metrics", "flashblocks"].flatMap((name) => [`--${name}-port`, "0"]);
  const args = [PROGRAM, "dev", "--mach", "--json", "--data-dir", join(folder, "dev"), ...ports];
  session = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const chunk of session.stdout ?? []) {
    output += String(chunk);
    if (output.endsWith("}\n")) break;
  }
  return JSON.parse(output);
}

/** An orderly stop, as by Ctrl-C. */
async function stop(): Promise<void> {
  if (session?.exitCode !== null) return;
  const ended = once(session, "exit");
  session.kill("SIGINT");
  expect((await ended)[0]).toBe(0);
}

async function ask<T>({ endpoints }: DevReady, method: string, ...params: unknown[]): Promise<T> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(endpoints.rpc, { method: "POST", headers: { "content-type": "application/json" }, body });
  return ((await answer.json()) as { result: T }).result;
}

/** The number of the highest certified block, once it is above that. */
async function certifiedAbove(ready: DevReady, number: number): Promise<number> {
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    const { certified } = await ask<{ certified: { number: string } | null }>(ready, "mach_getHead");
    if (certified !== null && Number(certified.number) > number) return Number(certified.number);
    await sleep(50);
  }
  throw new TypeError(`no certificate above block ${number}`);
}

test("dev --mach certifies by four operators, and goes on after a stop", async () => {
  const ready = await start();
  expect(ready.mach?.operators).toHaveLength(4);
  await certifiedAbove(ready, -1);
  const account = privateKeyToAccount(ready.accounts[0]?.privateKey as `0x${string}`);
  const chain = defineChain({
    id: ready.chains.l2,
    name: "dev",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [ready.endpoints.rpc] } },
  });
  // Ether makes WETH; of ALT, the other stake, the first account has some.
  const { services } = JSON.parse(readFileSync(ready.mach?.file ?? "", "utf8")) as { services: { alt: Address } };
  const l1 = createPublicClient({ transport: http(ready.endpoints.l1) });
  const alt = { address: services.alt, abi: erc20Abi } as const;
  expect(await l1.readContract({ ...alt, functionName: "balanceOf", args: [account.address] })).toBe(10n ** 24n);
  const wallet = createWalletClient({ account, chain, transport: http() });
  const hash = await wallet.sendTransaction({ to: account.address, value: 1n });
  const finality = () =>
    ask<{ level: string; levels: { level: string; by: object | null }[] }>(ready, "mach_getFinality", hash);
  const certified = ["blockCertificate", "safe", "finalized", "settled"];
  for (const end = performance.now() + 30_000; !certified.includes((await finality()).level); await sleep(50)) {
    expect(performance.now()).toBeLessThan(end);
  }
  const rung = (await finality()).levels.find(({ level }) => level === "blockCertificate");
  const { operators } = (rung?.by ?? { operators: [] }) as { operators: string[] };
  expect(operators.length).toBeGreaterThanOrEqual(3);

  const last = await certifiedAbove(ready, -1);
  await stop();
  const resumed = await start();
  expect(resumed.resumed).toBe(true);
  expect(resumed.mach).toEqual(ready.mach);
  await certifiedAbove(resumed, last + 1);
  await stop();
}, 180_000);
