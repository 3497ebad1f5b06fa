import { createHmac } from "node:crypto";
import { EngineError } from "@altlayer/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createToken } from "../../src/rpc/engine-api/jwt.ts";
import { startEngineApiServer } from "../../src/rpc/engine-api/server.ts";
import type { RpcServer } from "../../src/rpc/server.ts";
import { call, postRaw, Refused, SocketClient } from "./support/client.ts";
import { nodeInfo } from "./support/node-info.ts";
import { hashOf, payload, ScriptedEngine } from "./support/scripted-engine.ts";

const SECRET = new Uint8Array(32).fill(7);
const NOW_SECONDS = 1_700_000_000;

let engine: ScriptedEngine;
let server: RpcServer;

beforeEach(async () => {
  engine = new ScriptedEngine();
  server = await startEngineApiServer(
    {
      jwtSecret: SECRET,
      clientVersion: { code: "AL", name: "altlayer", version: "v0.1.0", commit: "0x00000000" },
      builder: { extendEveryMs: 5 },
    },
    { engine, node: nodeInfo, now: () => NOW_SECONDS * 1000 },
  );
});

afterEach(async () => {
  await server.close();
});

const bearer = (nowSeconds = NOW_SECONDS, secret = SECRET) => ({
  authorization: `Bearer ${createToken({ secret, nowSeconds })}`,
});
const ask = (method: string, params: readonly unknown[] = []) => call(server.httpUrl, method, params, bearer());

const state = (headBlockHash = hashOf(1)) => ({
  headBlockHash,
  safeBlockHash: hashOf(0),
  finalizedBlockHash: hashOf(0),
});
const attributes = {
  timestamp: "0x3eb",
  prevRandao: hashOf(0, 7),
  suggestedFeeRecipient: `0x${"11".repeat(20)}`,
  withdrawals: [],
  parentBeaconBlockRoot: hashOf(0, 3),
  transactions: ["0x7e00"],
  noTxPool: true,
  gasLimit: "0x1c9c380",
  eip1559Params: "0x0000000800000002",
};

describe("authentication", () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = (header: unknown, claims: unknown) => {
    const text = `${encode(header)}.${encode(claims)}`;
    return `${text}.${createHmac("sha256", SECRET).update(text).digest("base64url")}`;
  };

  test.each<[string, Record<string, string>]>([
    ["no token", {}],
    ["a foreign secret", bearer(NOW_SECONDS, new Uint8Array(32))],
    ["a stale token", bearer(NOW_SECONDS - 61)],
    ["a token of the future", bearer(NOW_SECONDS + 61)],
    ["no signature algorithm", { authorization: `Bearer ${signed({ alg: "none" }, { iat: NOW_SECONDS })}` }],
    ["no time", { authorization: `Bearer ${signed({ alg: "HS256" }, {})}` }],
    ["garbage", { authorization: "Bearer a.b.c" }],
  ])("refuses %s", async (_name, headers) => {
    expect((await postRaw(server.httpUrl, "{}", headers)).status).toBe(401);
    await expect(SocketClient.open(server.wsUrl, headers)).rejects.toEqual(new Refused(401));
  });

  test("accepts a token a minute off, over HTTP and WebSocket", async () => {
    for (const skew of [-60, 0, 60]) {
      expect((await call(server.httpUrl, "eth_chainId", [], bearer(NOW_SECONDS + skew))).result).toBe("0x385");
    }
    const client = await SocketClient.open(server.wsUrl, bearer());
    client.send("engine_exchangeCapabilities", [[]]);
    expect(await client.next()).toMatchObject({ result: expect.arrayContaining(["engine_newPayloadV3"]) });
    client.close();
  });
});

describe("engine_forkchoiceUpdated", () => {
  test("moves the heads", async () => {
    const { result } = await ask("engine_forkchoiceUpdatedV3", [state(), null]);
    expect(result).toEqual({
      payloadStatus: { status: "VALID", latestValidHash: hashOf(1), validationError: null },
      payloadId: null,
    });
  });

  test("is syncing when the head is not known", async () => {
    const { result } = await ask("engine_forkchoiceUpdatedV3", [state(hashOf(99)), attributes]);
    expect(result).toMatchObject({ payloadStatus: { status: "SYNCING" }, payloadId: null });
  });

  test("builds a payload without the pool", async () => {
    const started = (await ask("engine_forkchoiceUpdatedV3", [state(), attributes])).result as { payloadId: string };
    expect(started.payloadId).toMatch(/^0x03[0-9a-f]{14}$/);
    const again = (await ask("engine_forkchoiceUpdatedV3", [state(), attributes])).result;
    expect(again).toMatchObject({ payloadId: started.payloadId });
    const { result } = await ask("engine_getPayloadV3", [started.payloadId]);
    const { parentBeaconBlockRoot, ...executionPayload } = payload(2);
    expect(result).toEqual({
      executionPayload,
      blockValue: "0x0",
      blobsBundle: { commitments: [], proofs: [], blobs: [] },
      shouldOverrideBuilder: false,
      parentBeaconBlockRoot,
    });
    expect(engine.calls.filter((one) => !one.startsWith("setHeads"))).toEqual(["open 01 1", "seal 7"]);
  });

  test("keeps taking transactions from the pool until the payload is fetched", async () => {
    const open = { ...attributes, noTxPool: false };
    const { payloadId } = (await ask("engine_forkchoiceUpdatedV3", [state(), open])).result as { payloadId: string };
    await new Promise((resolve) => setTimeout(resolve, 60));
    await ask("engine_getPayloadV3", [payloadId]);
    const extended = engine.calls.filter((one) => one === "extend 7").length;
    expect(extended).toBeGreaterThan(2);
    expect(engine.calls.at(-1)).toBe("seal 7");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(engine.calls.filter((one) => one === "extend 7").length).toBe(extended);
  });

  test.each<[string, number, unknown, number]>([
    ["attributes in V1", 1, attributes, -38003],
    ["attributes in V2 without a beacon root", 2, { ...attributes, parentBeaconBlockRoot: undefined }, -38005],
    ["no withdrawals", 3, { ...attributes, withdrawals: undefined }, -38003],
    ["no beacon root", 3, { ...attributes, parentBeaconBlockRoot: null }, -38003],
    ["no gas limit", 3, { ...attributes, gasLimit: undefined }, -38003],
    ["no Holocene parameters", 3, { ...attributes, eip1559Params: undefined }, -38003],
    ["a zero denominator", 3, { ...attributes, eip1559Params: "0x0000000000000002" }, -38003],
    ["short Holocene parameters", 3, { ...attributes, eip1559Params: "0x00" }, -38003],
    ["a timestamp that does not rise", 3, { ...attributes, timestamp: "0x3e9" }, -38003],
    ["a number as timestamp", 3, { ...attributes, timestamp: 5 }, -32602],
  ])("refuses %s", async (_name, version, given, code) => {
    expect((await ask(`engine_forkchoiceUpdatedV${version}`, [state(), given])).error?.code).toBe(code);
  });

  test("says when the state is contradictory", async () => {
    engine.setHeads = () => Promise.reject(new EngineError({ code: "STATE_INVALID_HEADS", message: "no ancestor" }));
    expect((await ask("engine_forkchoiceUpdatedV3", [state(), null])).error?.code).toBe(-38002);
  });
});

describe("payloads", () => {
  const { parentBeaconBlockRoot, ...given } = payload(2);

  test("are executed", async () => {
    expect((await ask("engine_newPayloadV3", [given, [], parentBeaconBlockRoot])).result).toEqual({
      status: "VALID",
      latestValidHash: hashOf(2),
      validationError: null,
    });
  });

  test("with blobs or withdrawals are invalid", async () => {
    const blobs = await ask("engine_newPayloadV3", [given, [hashOf(1)], parentBeaconBlockRoot]);
    expect(blobs.result).toMatchObject({ status: "INVALID" });
    const withdrawals = await ask("engine_newPayloadV3", [{ ...given, withdrawals: [{}] }, [], parentBeaconBlockRoot]);
    expect(withdrawals.result).toMatchObject({ status: "INVALID" });
  });

  test.each<[string, readonly unknown[], number]>([
    ["engine_newPayloadV1", [given], -38005],
    ["engine_newPayloadV2", [given], -38005],
    ["engine_newPayloadV3", [{ ...given, blobGasUsed: null }, [], parentBeaconBlockRoot], -32602],
    ["engine_newPayloadV3", [given, []], -32602],
    ["engine_newPayloadV4", [given, [], parentBeaconBlockRoot, []], -38005],
    ["engine_getPayloadV3", ["0x0300000000000000"], -38001],
    ["engine_getPayloadV2", ["0x0300000000000000"], -38005],
    ["engine_getPayloadBodiesByRangeV1", ["0x0", "0x1"], -32602],
    ["engine_getPayloadBodiesByRangeV1", ["0x1", "0x401"], -38004],
  ])("%s refuses what does not fit", async (method, params, code) => {
    expect((await ask(method, params)).error?.code).toBe(code);
  });

  test("have bodies by hash and by range", async () => {
    const body = { transactions: ["0x7e00"], withdrawals: [] };
    expect((await ask("engine_getPayloadBodiesByHashV1", [[hashOf(2), hashOf(9)]])).result).toEqual([body, null]);
    expect((await ask("engine_getPayloadBodiesByRangeV1", ["0x1", "0x5"])).result).toEqual([body]);
  });
});

test("the clients introduce themselves", async () => {
  expect((await ask("engine_getClientVersionV1", [{ code: "OP" }])).result).toMatchObject([{ code: "AL" }]);
  expect((await ask("debug_chainConfig")).result).toMatchObject({ chainId: 901 });
  expect((await ask("engine_signalSuperchainV1", [{ recommended: hashOf(0), required: hashOf(0) }])).result).toMatch(
    /^0x[0-9a-f]{64}$/,
  );
});
