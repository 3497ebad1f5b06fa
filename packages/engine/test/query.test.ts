import { expect, test } from "vitest";
import { EngineQueryError } from "../src/index.ts";
import { account, attributes, buildBlock, bytes, sign, useEngine } from "./support/chain.ts";

test("answers reads as JSON text, from the head and from the pending block", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const ask = async (method: string, ...params: unknown[]) =>
    JSON.parse(await engine.query(method, JSON.stringify(params)));
  await engine.submit([bytes(await sign(account(0)))]);
  const payload = await buildBlock(engine);
  expect(await ask("eth_blockNumber")).toBe("0x1");
  expect(await ask("eth_getBlockByNumber", "latest", false)).toMatchObject({
    hash: payload.blockHash,
    stateRoot: payload.stateRoot,
    transactions: [expect.stringMatching(/^0x/)],
  });
  expect(await ask("eth_getTransactionCount", account(0).address, "latest")).toBe("0x1");

  await engine.submit([bytes(await sign(account(0), { nonce: 1 }))]);
  expect(await ask("eth_getTransactionCount", account(0).address, "pending")).toBe("0x2");
  const { candidate } = await engine.open(payload.blockHash, attributes(Number(payload.timestamp) + 2));
  await engine.extend(candidate, { kind: "pool" });
  expect(await ask("eth_getBlockByNumber", "pending", false)).toMatchObject({ number: "0x2" });
  // The writer shows the block again soon, though nothing more happens to it.
  await expect
    .poll(async () => (await ask("eth_getBlockByNumber", "pending", false)).transactions, { timeout: 10_000 })
    .toHaveLength(1);
  await engine.drop(candidate);
  expect(await ask("txpool_status")).toEqual({ pending: "0x1", queued: "0x0" });
});

test("an unknown method is go-ethereum's error, and an endless call ends", async () => {
  // JUMPDEST PUSH1 0 JUMP: runs until gas or time is over.
  const endless = "0x00000000000000000000000000000000000e11d1";
  await using opened = await useEngine({
    genesis: { alloc: { [endless]: { balance: "0x0", code: "0x5b600056" } } },
    limits: { callGas: 2 ** 52, callTimeoutMs: 300 },
  });
  const { engine } = opened;
  await expect(engine.query("eth_nothing", "[]")).rejects.toMatchObject({ code: -32601 });
  const call = () => engine.query("eth_call", JSON.stringify([{ to: endless }, "latest"]));
  const calls = Promise.allSettled(Array.from({ length: 12 }, call));
  // Others are served meanwhile.
  for (let index = 0; index < 20; index++) expect(await engine.query("eth_blockNumber", "[]")).toBe('"0x0"');
  await buildBlock(engine);
  for (const result of await calls) {
    expect(result).toMatchObject({ status: "rejected", reason: expect.any(EngineQueryError) });
  }
});

test("a call is answered while others take all the time they may have", async () => {
  const endless = "0x00000000000000000000000000000000000e11d1";
  await using opened = await useEngine({
    genesis: { alloc: { [endless]: { balance: "0x0", code: "0x5b600056" } } },
    limits: { callGas: 2 ** 52, callTimeoutMs: 3_000 },
  });
  const { engine } = opened;
  const ask = (method: string, to: string) => engine.query(method, JSON.stringify([{ to }, "latest"]));
  const calls = Promise.allSettled(Array.from({ length: 12 }, () => ask("eth_call", endless)));
  const traces = Promise.allSettled(Array.from({ length: 4 }, () => ask("debug_traceCall", endless)));
  // Behind the others these would be refused: their time would be over before their turn.
  for (let index = 0; index < 20; index++) expect(await ask("eth_call", account(0).address)).toBe('"0x"');
  expect(await ask("eth_estimateGas", account(0).address)).toBe('"0x5208"');
  for (const result of [...(await calls), ...(await traces)]) {
    expect(result).toMatchObject({ status: "rejected", reason: expect.any(EngineQueryError) });
  }
}, 60_000);
