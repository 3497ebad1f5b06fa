import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createWalletClient, http, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../src/clock.ts";
import type { L1HeadChange } from "../src/l1/head-watcher.ts";
import { HeadWatcher } from "../src/l1/head-watcher.ts";
import { L1Client } from "../src/l1/l1-client.ts";
import { JSON_RPC_DEFAULTS, JsonRpcClient } from "../src/l1/rpc-client.ts";
import { recoverSender } from "../src/l1/sender.ts";
import { silentLogger } from "../src/log.ts";
import type { Anvil } from "./support/anvil.ts";
import { DEV_KEYS, startAnvil } from "./support/anvil.ts";
import { startL1Proxy } from "./support/l1-proxy.ts";

const clock = new SystemClock();
const connect = (url: string, overrides: Partial<ConstructorParameters<typeof JsonRpcClient>[0]> = {}) =>
  new L1Client(
    {},
    { rpc: new JsonRpcClient({ ...JSON_RPC_DEFAULTS, backoffMs: 5, url, ...overrides }, { clock, log: silentLogger }) },
  );

/** A server between the client and anvil that changes answers: the lying L1. */
async function liar(
  target: string,
  change: (method: string, result: unknown) => unknown,
): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const body = Buffer.concat(chunks).toString();
      const answer = await fetch(target, { method: "POST", headers: { "content-type": "application/json" }, body });
      const json = (await answer.json()) as { result: unknown };
      json.result = change((JSON.parse(body) as { method: string }).method, json.result);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe("L1 client against a real anvil", () => {
  let anvil: Anvil;
  let hash: `0x${string}`;
  const account = privateKeyToAccount(DEV_KEYS[0]);

  beforeAll(async () => {
    anvil = await startAnvil({ manual: true });
    const wallet = createWalletClient({ account, transport: http(anvil.url) });
    const base = { to: account.address, value: parseEther("1"), gas: 60_000n, chain: null } as const;
    await wallet.sendTransaction({ ...base, nonce: 0, type: "legacy", gasPrice: 3_000_000_000n });
    await wallet.sendTransaction({
      ...base,
      nonce: 1,
      type: "eip2930",
      gasPrice: 3_000_000_000n,
      accessList: [{ address: account.address, storageKeys: [`0x${"01".repeat(32)}`] }],
    });
    const fees = { maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1n };
    await wallet.sendTransaction({ ...base, nonce: 2, ...fees, data: "0xdeadbeef", to: `0x${"11".repeat(20)}` });
    const authorization = await account.signAuthorization({ contractAddress: account.address, chainId: 900, nonce: 4 });
    await wallet.sendTransaction({ ...base, nonce: 3, gas: 100_000n, ...fees, authorizationList: [authorization] });
    const crowd = createWalletClient({ account: privateKeyToAccount(DEV_KEYS[1]), transport: http(anvil.url) });
    for (let nonce = 0; nonce < 146; nonce++) await crowd.sendTransaction({ ...base, nonce, ...fees });
    await anvil.mine();
    hash = (await anvil.call<{ hash: `0x${string}` }>("eth_getBlockByNumber", ["latest", false])).hash;
  });
  afterAll(() => anvil.stop());

  it("verifies header, transactions of every type, receipts, and recovers senders", async () => {
    const l1 = connect(anvil.url);
    const header = await l1.headerByHash(hash);
    expect(header.number).toBe(1);
    const transactions = await l1.transactions(hash);
    expect(transactions.length).toBeGreaterThan(140);
    expect(new Set(transactions.map((tx) => tx.type))).toEqual(new Set([0, 1, 2, 4]));
    for (const tx of transactions) {
      if (tx.type !== 4) expect(recoverSender(tx)).toBe(tx.from);
    }
    expect(await l1.receipts(hash)).toHaveLength(transactions.length);
    expect(await l1.headerByNumber(99)).toBeNull();
    await expect(l1.headerByHash(`0x${"ab".repeat(32)}`)).rejects.toMatchObject({ code: "L1_BLOCK_NOT_FOUND" });
  });

  it("gives a typed error when the L1 lies about header, body or receipts", async () => {
    type Block = { timestamp: string; transactions: { value: string }[] };
    const cases = [
      {
        change: (_: string, result: unknown) => ({ ...(result as Block), timestamp: "0x1" }),
        read: (l1: L1Client) => l1.headerByHash(hash),
      },
      {
        change: (_: string, result: unknown) => {
          const block = structuredClone(result) as Block;
          if (block.transactions[2]) block.transactions[2].value = "0x2";
          return block;
        },
        read: (l1: L1Client) => l1.transactions(hash),
      },
      {
        change: (method: string, result: unknown) =>
          method === "eth_getBlockReceipts" ? (result as unknown[]).slice(1) : result,
        read: (l1: L1Client) => l1.receipts(hash),
      },
      {
        change: (_: string, result: unknown) => ({ ...(result as Block), hash: `0x${"00".repeat(32)}` }),
        read: (l1: L1Client) => l1.headerByNumber(1),
      },
    ];
    for (const { change, read } of cases) {
      const { url, server } = await liar(anvil.url, change);
      await expect(read(connect(url))).rejects.toMatchObject({ code: "L1_LIED", severity: "temporary" });
      server.close();
    }
  });

  it("types what is malformed, too large, too late, or gone", async () => {
    const garbage = await liar(anvil.url, () => ({ number: "12" }));
    await expect(connect(garbage.url).headerByNumber(1)).rejects.toMatchObject({ code: "L1_SCHEMA" });
    garbage.server.close();
    await expect(connect(anvil.url, { maxResponseBytes: 1_000 }).transactions(hash)).rejects.toMatchObject({
      code: "L1_RESPONSE_TOO_LARGE",
    });
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await expect(connect(url, { timeoutMs: 50, attempts: 2 }).chainId()).rejects.toMatchObject({ code: "L1_TIMEOUT" });
    silent.closeAllConnections();
    silent.close();
    await expect(connect("http://127.0.0.1:1", { attempts: 2 }).chainId()).rejects.toMatchObject({
      code: "L1_UNREACHABLE",
    });
  });

  it("retries what is temporary", async () => {
    let calls = 0;
    const flaky = createServer((_, response) => {
      calls++;
      response.statusCode = calls < 3 ? 503 : 200;
      response.end(calls < 3 ? "busy" : JSON.stringify({ jsonrpc: "2.0", id: calls, result: "0x384" }));
    });
    await new Promise<void>((resolve) => flaky.listen(0, "127.0.0.1", resolve));
    expect(await connect(`http://127.0.0.1:${(flaky.address() as AddressInfo).port}`).chainId()).toBe(900);
    expect(calls).toBe(3);
    flaky.close();
  });

  it("keeps away for as long as a server asks, with every request", async () => {
    let asked = 0;
    let refusedAtMs = 0;
    let nextAtMs = 0;
    const limited = createServer((_, response) => {
      asked++;
      if (asked === 1) {
        refusedAtMs = Date.now();
        response.writeHead(429, { "retry-after": "1" });
        response.end();
        return;
      }
      nextAtMs ||= Date.now();
      response.end(JSON.stringify({ jsonrpc: "2.0", result: "0x384" }));
    });
    await new Promise<void>((resolve) => limited.listen(0, "127.0.0.1", resolve));
    const l1 = connect(`http://127.0.0.1:${(limited.address() as AddressInfo).port}`);
    expect(await l1.chainId()).toBe(900);
    expect(nextAtMs - refusedAtMs).toBeGreaterThanOrEqual(950);
    expect(asked).toBe(2);
    limited.close();
  });

  it("takes no giant for a header, whatever a body may weigh", async () => {
    const proxy = await startL1Proxy(anvil.url);
    proxy.inject(() => ({ kind: "huge", bytes: 20_000_000 }));
    await expect(connect(proxy.url).headerByTag("latest")).rejects.toMatchObject({ code: "L1_RESPONSE_TOO_LARGE" });
    await proxy.close();
  });

  it("watches heads and sees a reorg", async () => {
    const watcher = new HeadWatcher(
      { pollMs: 20, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 2 } },
      { l1: connect(anvil.url), clock, log: silentLogger },
    );
    const changes: L1HeadChange[] = [];
    watcher.onChange((change) => changes.push(change));
    await anvil.mine(4);
    await watcher.poll();
    expect(watcher.heads).toMatchObject({ latest: { number: 5 }, safe: { number: 4 }, finalized: { number: 3 } });
    await anvil.mine(1);
    await watcher.poll();
    await anvil.call("anvil_reorg", [2, []]);
    await watcher.poll();
    expect(changes.map((change) => change.reorged)).toEqual([false, false, true]);
  });
});
