import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SystemClock } from "../src/clock.ts";
import { FEE_DEFAULTS } from "../src/l1/fees.ts";
import { JSON_RPC_DEFAULTS, JsonRpcClient } from "../src/l1/rpc-client.ts";
import { TransactionManager } from "../src/l1/transaction-manager.ts";
import { silentLogger } from "../src/log.ts";
import type { Anvil } from "./support/anvil.ts";
import { DEV_KEYS, startAnvil } from "./support/anvil.ts";
import { startL1Proxy } from "./support/l1-proxy.ts";
import { until } from "./support/until.ts";

const clock = new SystemClock();
const account = privateKeyToAccount(DEV_KEYS[0]);

describe("transaction manager on a real anvil", () => {
  let anvil: Anvil;
  let directory: string;
  const managers: TransactionManager[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "altlayer-tx-"));
    anvil = await startAnvil({ manual: true });
  });
  afterEach(async () => {
    await Promise.all(managers.splice(0).map((manager) => manager.close()));
    await anvil.stop();
    await rm(directory, { recursive: true });
  });

  async function manager(options: { url?: string; resubmissionMs?: number } = {}): Promise<TransactionManager> {
    const rpc = new JsonRpcClient(
      { ...JSON_RPC_DEFAULTS, url: options.url ?? anvil.url },
      { clock, log: silentLogger },
    );
    const created = new TransactionManager(
      {
        chainId: 900,
        directory,
        pollMs: 20,
        resubmissionMs: options.resubmissionMs ?? 60_000,
        fees: FEE_DEFAULTS,
        reorgBlocks: 10,
      },
      { account, rpc, clock, log: silentLogger, kzg: null },
    );
    await created.start();
    managers.push(created);
    return created;
  }
  const request = (label: string) => ({ label, to: `0x${"22".repeat(20)}`, data: `0x${"ab".repeat(64)}` }) as const;
  const poolSize = async () => Number((await anvil.call<{ pending: string }>("txpool_status")).pending);

  it("sends in order and reports what was included", async () => {
    const sender = await manager();
    const sent = Promise.all([1, 2, 3].map((n) => sender.send(request(`n${n}`))));
    await until(async () => (await poolSize()) === 3);
    await anvil.mine();
    expect((await sent).map((mined) => [mined.nonce, mined.success])).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ]);
  });

  it("neither repeats a nonce nor leaves a gap after a crash before sending", async () => {
    // A server that takes transactions and loses them: for the manager, a crash between storing and sending.
    const lossy = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", async () => {
        const body = Buffer.concat(chunks).toString();
        if (body.includes("eth_sendRawTransaction")) {
          response.destroy();
          return;
        }
        const answer = await fetch(anvil.url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        response.end(await answer.text());
      });
    });
    await new Promise<void>((resolve) => lossy.listen(0, "127.0.0.1", resolve));
    const first = await manager({ url: `http://127.0.0.1:${(lossy.address() as AddressInfo).port}` });
    const lost = Promise.allSettled([first.send(request("lost 0")), first.send(request("lost 1"))]);
    await until(async () => (await readdir(directory)).filter((name) => name.endsWith(".json")).length === 2);
    await first.close();
    expect((await lost).map((result) => result.status)).toEqual(["rejected", "rejected"]);
    lossy.close();

    const second = await manager({ resubmissionMs: 50 });
    const sent = second.send(request("after the crash"));
    await until(async () => (await poolSize()) === 3);
    await anvil.mine();
    expect(await sent).toMatchObject({ nonce: 2, success: true });
    expect(Number(await anvil.call("eth_getTransactionCount", [account.address, "latest"]))).toBe(3);
  });

  it("raises fees while the L1 ignores the transaction", async () => {
    const sender = await manager({ resubmissionMs: 100 });
    const sent = sender.send(request("slow"));
    type Pool = { pending: Record<string, Record<string, { maxFeePerGas: string; hash: string }>> };
    const pooled = async () => Object.values((await anvil.call<Pool>("txpool_content")).pending)[0]?.["0"];
    await until(async () => (await pooled()) !== undefined);
    const before = await pooled();
    await until(async () => (await pooled())?.hash !== before?.hash);
    const after = await pooled();
    expect(BigInt(after?.maxFeePerGas ?? 0) * 10n).toBeGreaterThanOrEqual(BigInt(before?.maxFeePerGas ?? 0) * 11n);
    await anvil.mine();
    expect((await sent).success).toBe(true);
  });

  it("sends again what a reorg dropped", async () => {
    const sender = await manager();
    const sent = sender.send(request("reorged"));
    await until(async () => (await poolSize()) === 1);
    await anvil.mine();
    await sent;
    await anvil.call("anvil_reorg", [1, []]);
    expect(Number(await anvil.call("eth_getTransactionCount", [account.address, "latest"]))).toBe(0);
    await until(async () => (await poolSize()) === 1);
    await anvil.mine();
    expect(Number(await anvil.call("eth_getTransactionCount", [account.address, "latest"]))).toBe(1);
  });

  it("gives up what was sent on a wrong nonce, and goes on with the right one", async () => {
    const proxy = await startL1Proxy(anvil.url);
    proxy.inject(({ method }) =>
      method === "eth_getTransactionCount" ? { kind: "changed", change: () => "0x3e8" } : null,
    );
    const sender = await manager({ url: proxy.url, resubmissionMs: 300 });
    const misled = sender.send(request("misled"));
    await until(async () => (await readdir(directory)).includes("1000.json"));
    proxy.inject(null);
    await expect(misled).rejects.toMatchObject({ code: "TX_GAVE_UP" });
    const sent = sender.send(request("again"));
    await until(async () => (await poolSize()) === 1);
    await anvil.mine();
    expect(await sent).toMatchObject({ nonce: 0, success: true });
    await proxy.close();
  });
});
