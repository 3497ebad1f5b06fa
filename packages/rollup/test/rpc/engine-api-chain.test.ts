import type { ExecutionPayload, Hex } from "@altlayer/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createToken } from "../../src/rpc/engine-api/jwt.ts";
import { startEngineApiServer } from "../../src/rpc/engine-api/server.ts";
import type { RpcServer } from "../../src/rpc/server.ts";
import { CHAIN_ID, chainConfig, L1_ATTRIBUTES, RECEIVER, TestChain, word } from "./support/chain.ts";
import { call } from "./support/client.ts";

/** A consensus client's way through the Engine API, on a real engine. */

const SECRET = new Uint8Array(32).fill(3);
let chain: TestChain;
let server: RpcServer;

beforeAll(async () => {
  chain = await TestChain.open();
  server = await startEngineApiServer(
    {
      jwtSecret: SECRET,
      clientVersion: { code: "AL", name: "altlayer", version: "v0.1.0", commit: "0x00000000" },
    },
    {
      engine: chain.engine,
      node: { chainId: CHAIN_ID, chainConfig, clientVersion: "altlayer/test", syncing: () => false, peers: () => [] },
    },
  );
});

afterAll(async () => {
  await server?.close();
  await chain?.close();
});

const ask = async <T = Record<string, unknown>>(method: string, params: readonly unknown[]) => {
  const token = createToken({ secret: SECRET, nowSeconds: Math.floor(Date.now() / 1000) });
  const reply = await call(server.httpUrl, method, params, { authorization: `Bearer ${token}` });
  return { error: reply.error, result: reply.result as T };
};

interface Envelope {
  readonly executionPayload: Omit<ExecutionPayload, "parentBeaconBlockRoot">;
  readonly parentBeaconBlockRoot: Hex;
}

const state = (head: Hex) => ({ headBlockHash: head, safeBlockHash: word(0), finalizedBlockHash: word(0) });
const attributes = (seconds: number, fields: object = {}) => ({
  timestamp: `0x${(1_000 + seconds).toString(16)}`,
  prevRandao: word(7),
  suggestedFeeRecipient: "0x4200000000000000000000000000000000000011",
  withdrawals: [],
  parentBeaconBlockRoot: word(5),
  transactions: [L1_ATTRIBUTES],
  noTxPool: true,
  gasLimit: "0x1c9c380",
  eip1559Params: "0x0000000000000000",
  ...fields,
});

const build = async (seconds: number, fields: object = {}): Promise<Envelope> => {
  const head = chain.engine.heads().unsafe.hash;
  const started = await ask<{ payloadId: Hex }>("engine_forkchoiceUpdatedV3", [
    state(head),
    attributes(seconds, fields),
  ]);
  expect(started.error).toBeUndefined();
  return (await ask<Envelope>("engine_getPayloadV3", [started.result.payloadId])).result;
};

const adopt = async ({ executionPayload, parentBeaconBlockRoot }: Envelope) => {
  const added = await ask("engine_newPayloadV3", [executionPayload, [], parentBeaconBlockRoot]);
  expect(added.result).toMatchObject({ status: "VALID", latestValidHash: executionPayload.blockHash });
  const chosen = await ask("engine_forkchoiceUpdatedV3", [state(executionPayload.blockHash), null]);
  expect(chosen.result).toMatchObject({ payloadStatus: { status: "VALID" }, payloadId: null });
};

test("builds on the head, executes what was built, and adopts it", async () => {
  const envelope = await build(2);
  expect(envelope.executionPayload).toMatchObject({ blockNumber: "0x1", transactions: [L1_ATTRIBUTES] });
  expect(envelope.parentBeaconBlockRoot).toBe(word(5));
  // A block that is built but not chosen is not the head.
  expect(chain.engine.heads().unsafe.number).toBe(0);
  await adopt(envelope);
  expect(chain.engine.heads().unsafe.hash).toBe(envelope.executionPayload.blockHash);
});

test("fills a payload from the pool until it is fetched", async () => {
  const head = chain.engine.heads().unsafe.hash;
  const open = attributes(4, { noTxPool: false });
  const started = await ask<{ payloadId: Hex }>("engine_forkchoiceUpdatedV3", [state(head), open]);
  const raw = await chain.sign({ to: RECEIVER, value: 3n });
  expect((await ask("eth_sendRawTransaction", [raw])).error).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { result } = await ask<Envelope>("engine_getPayloadV3", [started.result.payloadId]);
  expect(result.executionPayload.transactions).toEqual([L1_ATTRIBUTES, raw]);
  await adopt(result);
  expect((await ask("eth_getBalance", [RECEIVER, "latest"])).result).toBe("0x3");
});

test("refuses attributes with a transaction that no block could hold", async () => {
  const bad = attributes(6, { transactions: [L1_ATTRIBUTES, "0x02c0"] });
  const head = chain.engine.heads().unsafe.hash;
  expect((await ask("engine_forkchoiceUpdatedV3", [state(head), bad])).error?.code).toBe(-38003);
});

test("finds a payload invalid that lies about its state, its hash or its parent", async () => {
  const { executionPayload, parentBeaconBlockRoot } = await build(8);
  const altered = { ...executionPayload, stateRoot: word(1) };
  const wrongHash = await ask("engine_newPayloadV3", [altered, [], parentBeaconBlockRoot]);
  expect(wrongHash.result).toMatchObject({ status: "INVALID" });
  const wrongRoot = await ask("engine_newPayloadV3", [executionPayload, [], word(6)]);
  expect(wrongRoot.result).toMatchObject({ status: "INVALID" });
  const unknownHead = await ask("engine_forkchoiceUpdatedV3", [state(word(99)), null]);
  expect(unknownHead.result).toMatchObject({ payloadStatus: { status: "SYNCING" } });
});

test("refuses a safe block that it does not know", async () => {
  const head = chain.engine.heads().unsafe.hash;
  const contradictory = { ...state(head), safeBlockHash: word(42) };
  expect((await ask("engine_forkchoiceUpdatedV3", [contradictory, null])).error?.code).toBe(-38002);
});

test("gives the bodies of the chain", async () => {
  const { result } = await ask<{ transactions: Hex[] }[]>("engine_getPayloadBodiesByRangeV1", ["0x1", "0xa"]);
  expect(result.map((body) => body.transactions.length)).toEqual([1, 2]);
});
