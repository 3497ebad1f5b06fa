import type { EngineEvent, Hex } from "@altlayer/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RpcLimits } from "../../src/rpc/options.ts";
import { type RpcServer, startRpcServer } from "../../src/rpc/server.ts";
import { call, SocketClient } from "./support/client.ts";
import { nodeInfo } from "./support/node-info.ts";
import { blockRef, hashOf, ScriptedEngine } from "./support/scripted-engine.ts";

const TOKEN: Hex = `0x${"aa".repeat(20)}`;
const OTHER: Hex = `0x${"bb".repeat(20)}`;
const TOPIC: Hex = `0x${"01".repeat(32)}`;

let engine: ScriptedEngine;
let server: RpcServer;

/** Every block holds one log of the token and one of another contract. */
const logsOf = (blockHash: string) =>
  [TOKEN, OTHER].map((address, index) => ({
    address,
    topics: [TOPIC],
    data: "0x",
    blockHash,
    blockNumber: `0x${Number(`0x${blockHash.slice(4)}`).toString(16)}`,
    logIndex: `0x${index}`,
    removed: false,
  }));

const start = async (limits: Partial<RpcLimits> = {}) => startRpcServer({ limits }, { engine, node: nodeInfo });

beforeEach(async () => {
  engine = new ScriptedEngine();
  engine.answer = (method, params) => {
    if (method === "eth_getLogs") {
      const [filter] = JSON.parse(params) as [{ blockHash: string }];
      return JSON.stringify(logsOf(filter.blockHash));
    }
    if (method === "eth_getHeaderByHash") return JSON.stringify({ hash: (JSON.parse(params) as string[])[0] });
    if (method === "eth_getTransactionReceipt") return "null";
    return JSON.stringify({ method });
  };
  server = await start();
});

afterEach(async () => {
  await server.close();
});

const heads = (added: readonly [number, number][], dropped: readonly [number, number][] = []): EngineEvent => ({
  kind: "heads",
  change: {
    heads: engine.heads(),
    added: added.map(([number, branch]) => blockRef(number, branch)),
    dropped: dropped.map(([number, branch]) => blockRef(number, branch)),
  },
});

const subscribe = async (client: SocketClient, ...params: unknown[]) => {
  client.send("eth_subscribe", params, "sub");
  const reply = (await client.next()) as { result: string };
  return reply.result;
};

const nextResult = async (client: SocketClient, subscription: string) => {
  const message = (await client.next()) as { method: string; params: { subscription: string; result: unknown } };
  expect([message.method, message.params.subscription]).toEqual(["eth_subscription", subscription]);
  return message.params.result;
};

describe("eth_subscribe", () => {
  test("needs a WebSocket", async () => {
    expect((await call(server.httpUrl, "eth_subscribe", ["newHeads"])).error).toEqual({
      code: -32601,
      message: "notifications not supported",
    });
  });

  test("refuses what it does not know", async () => {
    const client = await SocketClient.open(server.wsUrl);
    client.send("eth_subscribe", ["everything"]);
    expect(await client.next()).toMatchObject({
      error: { code: -32601, message: 'no "everything" subscription in eth namespace' },
    });
    client.close();
  });

  test("pushes new heads in chain order", async () => {
    const client = await SocketClient.open(server.wsUrl);
    const id = await subscribe(client, "newHeads");
    engine.emit(
      heads([
        [2, 0],
        [3, 0],
      ]),
    );
    engine.emit(heads([[4, 0]]));
    for (const number of [2, 3, 4]) expect(await nextResult(client, id)).toEqual({ hash: hashOf(number) });
    client.close();
  });

  test("takes logs of dropped blocks back before it sends those that replace them", async () => {
    const client = await SocketClient.open(server.wsUrl);
    const id = await subscribe(client, "logs", { address: TOKEN, topics: [[TOPIC]] });
    engine.emit(heads([[2, 0]]));
    engine.emit(
      heads(
        [
          [2, 1],
          [3, 1],
        ],
        [[2, 0]],
      ),
    );
    const seen = [];
    for (let count = 0; count < 4; count++) {
      const log = (await nextResult(client, id)) as { blockHash: string; removed: boolean; address: string };
      seen.push([log.blockHash, log.removed, log.address]);
    }
    expect(seen).toEqual([
      [hashOf(2, 0), false, TOKEN],
      [hashOf(2, 0), true, TOKEN],
      [hashOf(2, 1), false, TOKEN],
      [hashOf(3, 1), false, TOKEN],
    ]);
    client.close();
  });

  test("pushes pending transactions by hash, or in full", async () => {
    const client = await SocketClient.open(server.wsUrl);
    expect(engine.poolWatched).toBe(false);
    const hashes = await subscribe(client, "newPendingTransactions");
    expect(engine.poolWatched).toBe(true);
    engine.emit({ kind: "pooled", hashes: [hashOf(5)] });
    expect(await nextResult(client, hashes)).toBe(hashOf(5));
    client.send("eth_unsubscribe", [hashes]);
    expect(await client.next()).toMatchObject({ result: true });
    expect(engine.poolWatched).toBe(false);
    const full = await subscribe(client, "newPendingTransactions", true);
    expect(engine.poolWatched).toBe(true);
    engine.emit({ kind: "pooled", hashes: [hashOf(6)] });
    expect(await nextResult(client, full)).toEqual({ method: "eth_getTransactionByHash" });
    client.close();
  });

  test("tells the state of syncing", async () => {
    const client = await SocketClient.open(server.wsUrl);
    const id = await subscribe(client, "syncing");
    expect(await nextResult(client, id)).toBe(false);
    client.close();
  });

  test("bounds subscriptions per connection", async () => {
    await server.close();
    server = await start({ subscriptionsPerConnection: 1 });
    const client = await SocketClient.open(server.wsUrl);
    await subscribe(client, "newHeads");
    client.send("eth_subscribe", ["newHeads"]);
    expect(await client.next()).toMatchObject({ error: { code: -32005 } });
    client.close();
  });
});

describe("filters", () => {
  const poll = async (id: unknown) => (await call(server.httpUrl, "eth_getFilterChanges", [id])).result;
  const settle = () => new Promise((resolve) => setTimeout(resolve, 30));

  test("a block filter gives each hash once", async () => {
    const id = (await call(server.httpUrl, "eth_newBlockFilter")).result;
    engine.emit(
      heads([
        [2, 0],
        [3, 0],
      ]),
    );
    await settle();
    expect(await poll(id)).toEqual([hashOf(2), hashOf(3)]);
    expect(await poll(id)).toEqual([]);
  });

  test("a log filter reports removals, and keeps to its range", async () => {
    const id = (await call(server.httpUrl, "eth_newFilter", [{ address: [TOKEN], fromBlock: "0x3" }])).result;
    engine.emit(
      heads([
        [2, 0],
        [3, 0],
      ]),
    );
    engine.emit(heads([[3, 1]], [[3, 0]]));
    await settle();
    expect(await poll(id)).toMatchObject([
      { blockHash: hashOf(3, 0), removed: false },
      { blockHash: hashOf(3, 0), removed: true },
      { blockHash: hashOf(3, 1), removed: false },
    ]);
    await call(server.httpUrl, "eth_getFilterLogs", [id]);
    expect(JSON.parse(engine.queries.at(-1)?.params ?? "")).toEqual([
      { fromBlock: "0x3", address: [TOKEN], topics: [] },
    ]);
  });

  test("an overflow is reported once, then the filter goes on", async () => {
    await server.close();
    server = await start({ filterResults: 3 });
    const id = (await call(server.httpUrl, "eth_newPendingTransactionFilter")).result;
    engine.emit({ kind: "pooled", hashes: [1, 2, 3, 4].map((number) => hashOf(number)) });
    expect((await call(server.httpUrl, "eth_getFilterChanges", [id])).error?.code).toBe(-32005);
    engine.emit({ kind: "pooled", hashes: [hashOf(5)] });
    expect(await poll(id)).toEqual([hashOf(5)]);
  });

  test("unknown, uninstalled and expired filters are not found", async () => {
    await server.close();
    server = await start({ filterExpiryMs: 40 });
    const notFound = { code: -32000, message: "filter not found" };
    expect((await call(server.httpUrl, "eth_getFilterChanges", ["0x1"])).error).toEqual(notFound);
    const id = (await call(server.httpUrl, "eth_newBlockFilter")).result;
    expect((await call(server.httpUrl, "eth_uninstallFilter", [id])).result).toBe(true);
    expect((await call(server.httpUrl, "eth_uninstallFilter", [id])).result).toBe(false);
    const forgotten = (await call(server.httpUrl, "eth_newBlockFilter")).result;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect((await call(server.httpUrl, "eth_getFilterChanges", [forgotten])).error).toEqual(notFound);
  });

  test("their number is bounded", async () => {
    await server.close();
    server = await start({ filters: 1 });
    await call(server.httpUrl, "eth_newBlockFilter");
    expect((await call(server.httpUrl, "eth_newBlockFilter")).error?.code).toBe(-32005);
  });
});

describe("eth_sendRawTransactionSync (EIP-7966)", () => {
  test("answers with the receipt once a block holds the transaction", async () => {
    let mined = false;
    const before = engine.answer;
    engine.answer = (method, params) =>
      method === "eth_getTransactionReceipt" && mined ? '{"status":"0x1"}' : before(method, params);
    const reply = call(server.httpUrl, "eth_sendRawTransactionSync", ["0x01"]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    mined = true;
    engine.emit(heads([[2, 0]]));
    expect((await reply).result).toEqual({ status: "0x1" });
  });

  test("answers with error 4 and the hash after the timeout", async () => {
    expect((await call(server.httpUrl, "eth_sendRawTransactionSync", ["0x01", 50])).error).toMatchObject({
      code: 4,
      data: hashOf(1, 9),
    });
  });
});
