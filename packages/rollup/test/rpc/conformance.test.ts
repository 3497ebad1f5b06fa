import type { Hex } from "@altlayer/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RpcServer, startRpcServer } from "../../src/rpc/server.ts";
import { CHAIN_ID, CONTRACT, chainConfig, RECEIVER, TestChain, wallet, word } from "./support/chain.ts";
import { call, SocketClient } from "./support/client.ts";
import { ExecutionApis } from "./support/execution-apis.ts";

const specification = new ExecutionApis();
let chain: TestChain;
let server: RpcServer;

beforeAll(async () => {
  chain = await TestChain.open({ callTimeoutMs: 2_000 });
  server = await startRpcServer(
    {},
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

const ask = async (method: string, params: readonly unknown[] = []) => call(server.httpUrl, method, params);

const get = async (method: string, params: readonly unknown[] = []): Promise<unknown> => {
  const { result, error } = await ask(method, params);
  expect(error, method).toBeUndefined();
  return result;
};

describe("every answer fits the schema of execution-apis", () => {
  let logged: Hex;
  let blockHash: Hex;
  let pooled: Hex;

  beforeAll(async () => {
    const transfer = await chain.sign({ to: RECEIVER, value: 5n });
    const logging = await chain.sign({ to: CONTRACT, data: word(7) });
    const reverting = await chain.sign({ to: CONTRACT, data: word(0) });
    const payload = await chain.mine([transfer, logging, reverting]);
    blockHash = payload.blockHash;
    const block = (await get("eth_getBlockByHash", [blockHash, false])) as { transactions: Hex[] };
    logged = block.transactions[2] as Hex;
    await chain.mine();
    pooled = (await get("eth_sendRawTransaction", [await chain.sign({ to: RECEIVER, value: 1n })])) as Hex;
    await get("eth_sendRawTransaction", [await chain.sign({ to: RECEIVER, value: 1n, nonce: 9 })]);
  });

  const from = wallet.address;
  const cases: [string, () => readonly unknown[]][] = [
    ["debug_getRawHeader", () => ["latest"]],
    ["debug_getRawBlock", () => ["0x1"]],
    ["debug_getRawTransaction", () => [logged]],
    ["debug_getRawReceipts", () => ["0x1"]],
    ["debug_getBadBlocks", () => []],
    ["debug_traceBlockByNumber", () => ["0x1"]],
    ["debug_traceBlockByNumber", () => ["0x1", { tracer: "callTracer" }]],
    ["debug_traceBlockByHash", () => [blockHash]],
    ["debug_traceTransaction", () => [logged]],
    ["debug_traceTransaction", () => [logged, { enableMemory: true, enableReturnData: true }]],
    ["debug_traceTransaction", () => [logged, { tracer: "prestateTracer" }]],
    ["eth_getBlockByHash", () => [blockHash, true]],
    ["eth_getBlockByHash", () => [word(1), true]],
    ["eth_getBlockByNumber", () => ["0x1", true]],
    ["eth_getBlockByNumber", () => ["earliest", false]],
    ["eth_getBlockByNumber", () => ["finalized", false]],
    ["eth_getBlockTransactionCountByHash", () => [blockHash]],
    ["eth_getBlockTransactionCountByNumber", () => ["0x1"]],
    ["eth_getBlockReceipts", () => ["0x1"]],
    ["eth_getBlockReceipts", () => ["0x99"]],
    ["eth_capabilities", () => []],
    ["eth_chainId", () => []],
    ["eth_syncing", () => []],
    ["eth_coinbase", () => []],
    ["eth_accounts", () => []],
    ["eth_blockNumber", () => []],
    ["eth_config", () => []],
    ["net_version", () => []],
    ["eth_call", () => [{ to: CONTRACT, data: word(3) }, "latest"]],
    ["eth_estimateGas", () => [{ from, to: CONTRACT, data: word(3) }]],
    ["eth_createAccessList", () => [{ from, to: CONTRACT, data: word(3) }]],
    [
      "eth_simulateV1",
      () => [
        {
          blockStateCalls: [
            {
              calls: [
                { from, to: CONTRACT, input: word(3) },
                { from, to: CONTRACT, input: word(0) },
              ],
            },
            { blockOverrides: { number: "0x9" }, stateOverrides: { [RECEIVER]: { balance: "0x5" } } },
          ],
          returnFullTransactions: true,
        },
        "latest",
      ],
    ],
    ["eth_gasPrice", () => []],
    ["eth_baseFee", () => []],
    ["eth_blobBaseFee", () => []],
    ["eth_maxPriorityFeePerGas", () => []],
    ["eth_feeHistory", () => ["0x5", "latest", [10, 50]]],
    ["eth_fillTransaction", () => [{ from, to: RECEIVER, value: "0x1" }]],
    ["eth_newFilter", () => [{ address: CONTRACT }]],
    ["eth_newBlockFilter", () => []],
    ["eth_newPendingTransactionFilter", () => []],
    ["eth_uninstallFilter", () => ["0x1"]],
    ["eth_getLogs", () => [{ fromBlock: "0x0" }]],
    ["eth_getBalance", () => [from, "latest"]],
    ["eth_getStorageAt", () => [CONTRACT, "0x0", "latest"]],
    ["eth_getStorageValues", () => [{ [CONTRACT]: ["0x0"] }, "latest"]],
    ["eth_getTransactionCount", () => [from, "pending"]],
    ["eth_getCode", () => [CONTRACT, "latest"]],
    ["eth_getProof", () => [CONTRACT, ["0x0", word(1)], "latest"]],
    ["eth_getTransactionByHash", () => [logged]],
    ["eth_getTransactionByBlockHashAndIndex", () => [blockHash, "0x0"]],
    ["eth_getTransactionByBlockNumberAndIndex", () => ["0x1", "0x1"]],
    ["eth_getTransactionReceipt", () => [logged]],
    ["txpool_status", () => []],
    ["txpool_content", () => []],
    ["txpool_contentFrom", () => [from]],
  ];

  test.each(cases)("%s", async (method, params) => {
    const result = await get(method, params());
    expect(specification.problem(method, result)).toBeUndefined();
  });

  test("the pool's transaction is pending and the one after a gap is queued", async () => {
    expect(await get("txpool_status")).toEqual({ pending: "0x1", queued: "0x1" });
    expect(await get("eth_getTransactionByHash", [pooled])).toMatchObject({ blockNumber: null });
  });

  test("no method of the specification is unknown", async () => {
    const unknown = [];
    for (const method of specification.methods) if ((await ask(method)).error?.code === -32601) unknown.push(method);
    expect(unknown).toEqual([]);
  });
});

describe("a wallet's way", () => {
  test("a submitted transaction is announced, mined, logged and received", async () => {
    const client = await SocketClient.open(server.wsUrl);
    const subscribe = async (...params: unknown[]) => {
      client.send("eth_subscribe", params);
      return ((await client.next()) as { result: string }).result;
    };
    const logs = await subscribe("logs", { address: CONTRACT, topics: [word(11)] });
    const filter = await get("eth_newFilter", [{ address: CONTRACT }]);
    const raw = await chain.sign({ to: CONTRACT, data: word(11) });
    const receipt = call(server.httpUrl, "eth_sendRawTransactionSync", [raw, 5_000]);
    // It waits in the pool until a block takes it.
    for (let tries = 0; tries < 100; tries++) {
      if (((await get("txpool_status")) as { pending: string }).pending === "0x2") break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await chain.mine([], { pool: true });
    const mined = (await receipt).result as { transactionHash: Hex; blockHash: Hex; status: string };
    expect(mined.status).toBe("0x1");
    const message = (await client.next()) as { params: { subscription: string; result: Record<string, unknown> } };
    expect(message.params).toMatchObject({
      subscription: logs,
      result: { transactionHash: mined.transactionHash, removed: false, topics: [word(11)] },
    });
    expect(await get("eth_getFilterChanges", [filter])).toMatchObject([{ transactionHash: mined.transactionHash }]);
    client.close();
  });

  test("a reorganisation takes logs back", async () => {
    const head = chain.engine.heads().unsafe.hash;
    const client = await SocketClient.open(server.wsUrl);
    client.send("eth_subscribe", ["logs", {}]);
    await client.next();
    const nonce = Number(await get("eth_getTransactionCount", [wallet.address]));
    const first = await chain.mine([await chain.sign({ to: CONTRACT, data: word(21), nonce })], { parent: head });
    const second = await chain.mine([await chain.sign({ to: CONTRACT, data: word(22), nonce })], { parent: head });
    const seen = [];
    for (let count = 0; count < 3; count++) {
      const { params } = (await client.next()) as {
        params: { result: { blockHash: Hex; removed: boolean; topics: Hex[] } };
      };
      seen.push([params.result.blockHash, params.result.removed, params.result.topics[0]]);
    }
    expect(seen).toEqual([
      [first.blockHash, false, word(21)],
      [first.blockHash, true, word(21)],
      [second.blockHash, false, word(22)],
    ]);
    const side = await ask("eth_getBalance", [RECEIVER, { blockHash: first.blockHash, requireCanonical: true }]);
    expect(side.error).toEqual({ code: -32000, message: "hash is not currently canonical" });
    expect(await get("eth_getBalance", [RECEIVER, { blockHash: first.blockHash }])).toMatch(/^0x/);
    client.close();
  });

  test("errors are those of go-ethereum", async () => {
    const revert = await ask("eth_call", [{ to: CONTRACT, data: word(0) }, "latest"]);
    expect(revert.error).toMatchObject({ code: 3, message: "execution reverted: nope" });
    expect(revert.error?.data).toMatch(/^0x08c379a0/);
    const stale = await ask("eth_sendRawTransaction", [await chain.sign({ to: RECEIVER, nonce: 0 })]);
    expect(stale.error).toMatchObject({ code: -32000, message: expect.stringMatching(/^nonce too low/) });
    expect((await ask("eth_sendRawTransaction", ["0x01"])).error?.code).toBe(-32000);
    const endless = await ask("eth_call", [{ to: CONTRACT }, "latest"]);
    expect(endless.error?.code).toBe(-32000);
  });

  test("endless calls keep nobody else waiting", async () => {
    const endless = Array.from({ length: 16 }, () => ask("eth_call", [{ to: CONTRACT }, "latest"]));
    const started = performance.now();
    for (let count = 0; count < 20; count++) await get("eth_getBalance", [RECEIVER]);
    const waited = performance.now() - started;
    const ended = await Promise.all(endless);
    expect(ended.every((reply) => reply.error !== undefined)).toBe(true);
    expect(waited).toBeLessThan(10_000);
  });
});
