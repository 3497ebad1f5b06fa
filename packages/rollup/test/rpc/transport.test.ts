// Size: one table of what comes over the sockets, each limit beside its neighbours.
import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RpcError } from "../../src/rpc/errors.ts";
import { rpcLimitsSchema } from "../../src/rpc/options.ts";
import { type RpcServer, type RpcServerOptions, startRpcServer } from "../../src/rpc/server.ts";
import { call, postRaw, Refused, type RpcReply, SocketClient } from "./support/client.ts";
import { nodeInfo } from "./support/node-info.ts";
import { ScriptedEngine } from "./support/scripted-engine.ts";

let engine: ScriptedEngine;
let server: RpcServer;

const start = async (options: RpcServerOptions = {}) => startRpcServer(options, { engine, node: nodeInfo });

beforeEach(async () => {
  engine = new ScriptedEngine();
  server = await start();
});

afterEach(async () => {
  await server.close();
});

const restart = async (options: RpcServerOptions) => {
  await server.close();
  server = await start(options);
};

const parse = (text: string) => JSON.parse(text) as RpcReply;

describe("JSON-RPC 2.0", () => {
  test("splices the engine's text into the response", async () => {
    engine.answer = () => '{"number":"0x1","extra":[1,2]}';
    const { text } = await postRaw(
      server.httpUrl,
      '{"jsonrpc":"2.0","id":"a\\"b","method":"eth_blockNumber","params":[]}',
    );
    expect(text).toBe('{"jsonrpc":"2.0","id":"a\\"b","result":{"number":"0x1","extra":[1,2]}}');
  });

  test("answers a batch in the order of its requests", async () => {
    engine.answer = async (method) => {
      if (method === "eth_gasPrice") await new Promise((resolve) => setTimeout(resolve, 30));
      return `"${method}"`;
    };
    const body = ["eth_gasPrice", "eth_blockNumber", "eth_nothing"].map((method, id) => ({
      jsonrpc: "2.0",
      id,
      method,
    }));
    const replies = JSON.parse((await postRaw(server.httpUrl, JSON.stringify(body))).text) as RpcReply[];
    expect(replies.map((reply) => reply.id)).toEqual([0, 1, 2]);
    expect(replies[0]?.result).toBe("eth_gasPrice");
    expect(replies[2]?.error).toEqual({
      code: -32601,
      message: "the method eth_nothing does not exist/is not available",
    });
  });

  test("says nothing to notifications", async () => {
    const { status, text } = await postRaw(server.httpUrl, '{"jsonrpc":"2.0","method":"eth_blockNumber"}');
    expect([status, text]).toEqual([200, ""]);
  });

  test.each([
    ["not json", "nonsense", -32700],
    ["an unterminated string", '{"jsonrpc":"2.0","id":1,"method":"eth', -32700],
    ["an empty body", "", -32700],
    ["a number", "5", -32600],
    ["an empty batch", "[]", -32600],
    ["no method", '{"jsonrpc":"2.0","id":1}', -32600],
    ["another version", '{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32600],
    ["an id that is an object", '{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600],
    ["a method that is a number", '{"jsonrpc":"2.0","id":1,"method":5}', -32600],
  ])("refuses %s", async (_name, body, code) => {
    expect(parse((await postRaw(server.httpUrl, body)).text).error?.code).toBe(code);
  });

  test("passes an error of the engine on, and hides what is not meant for clients", async () => {
    engine.answer = () => {
      throw new RpcError({ code: 3, message: "execution reverted", data: "0x1234" });
    };
    expect((await call(server.httpUrl, "eth_call", [{}])).error).toEqual({
      code: 3,
      message: "execution reverted",
      data: "0x1234",
    });
    engine.answer = () => {
      throw new TypeError("secret path /home");
    };
    expect((await call(server.httpUrl, "eth_call", [{}])).error).toEqual({ code: -32603, message: "internal error" });
  });
});

describe("parameters", () => {
  const address = `0x${"ab".repeat(20)}`;

  test.each<[string, string, readonly unknown[], string]>([
    ["a missing address", "eth_getBalance", [], "missing value for required argument 0"],
    ["null for an address", "eth_getBalance", [null, "latest"], "missing value for required argument 0"],
    ["too many", "eth_chainId", [1], "too many arguments, want at most 0"],
    [
      "no prefix",
      "eth_getBalance",
      ["ab"],
      "invalid argument 0: json: cannot unmarshal hex string without 0x prefix into Go value of type common.Address",
    ],
    [
      "a short address",
      "eth_getBalance",
      ["0xabcd", "latest"],
      "invalid argument 0: hex string has length 4, want 40 for common.Address",
    ],
    [
      "a number",
      "eth_getBalance",
      [7, "latest"],
      "invalid argument 0: json: cannot unmarshal non-string into Go value of type common.Address",
    ],
    ["a leading zero", "eth_getBalance", [address, "0x01"], "invalid argument 1: hex number with leading zero digits"],
    [
      "a block above int64",
      "eth_getBlockByNumber",
      ["0xffffffffffffffff", false],
      "invalid argument 0: block number larger than int64",
    ],
    [
      "a block id above int64",
      "eth_getBalance",
      [address, "0xffffffffffffffff"],
      "invalid argument 1: blocknumber too high",
    ],
    [
      "a block id that is a number",
      "eth_call",
      [{ to: address }, 1],
      "invalid argument 1: json: cannot unmarshal number into Go value of type string",
    ],
    [
      "hash and number",
      "eth_getBalance",
      [address, { blockHash: `0x${"00".repeat(32)}`, blockNumber: "0x1" }],
      "invalid argument 1: cannot specify both BlockHash and BlockNumber, choose one or the other",
    ],
    [
      "a bad field in a call",
      "eth_call",
      [{ to: "0x12" }],
      "invalid argument 0: hex string has length 2, want 40 for common.Address",
    ],
    [
      "a gas that is a number",
      "eth_call",
      [{ gas: 1 }],
      "invalid argument 0: json: cannot unmarshal non-string into Go struct field .gas of type hexutil.Uint64",
    ],
    [
      "odd bytes",
      "eth_sendRawTransaction",
      ["0x123"],
      "invalid argument 0: json: cannot unmarshal hex string of odd length into Go value of type hexutil.Bytes",
    ],
    [
      "five topics",
      "eth_getLogs",
      [{ topics: [null, null, null, null, null] }],
      "invalid argument 0: exceed max topics",
    ],
  ])("refuses %s in go-ethereum's words", async (_name, method, params, message) => {
    expect((await call(server.httpUrl, method, params)).error).toEqual({ code: -32602, message });
    expect(engine.queries).toEqual([]);
  });

  test("hands the engine normalised parameters", async () => {
    await call(server.httpUrl, "eth_getStorageAt", [address.toUpperCase().replace("0X", "0x"), "0x1"]);
    expect(engine.queries[0]).toEqual({
      method: "eth_getStorageAt",
      params: JSON.stringify([address, `0x${"1".padStart(64, "0")}`, null]),
    });
  });

  test("names the keys of a proof as they came: words as words, quantities as quantities", async () => {
    const key = `0x${"0".repeat(63)}1`;
    await call(server.httpUrl, "eth_getProof", [address, ["0x01", "0x", "0x1", key], "latest"]);
    expect(JSON.parse(engine.queries[0]?.params ?? "[]")).toEqual([address, ["0x1", "0x0", "0x1", key], "latest"]);
  });

  test("takes `input` where `data` says otherwise, and an override of nothing", async () => {
    const contradictory = { to: address, data: "0x01", input: "0x02" };
    await call(server.httpUrl, "eth_call", [contradictory, "latest", { [address]: null }]);
    const [sent, , overrides] = JSON.parse(engine.queries[0]?.params ?? "[]") as unknown[];
    expect(sent).toEqual({ to: address, input: "0x02" });
    expect(overrides).toEqual({ [address]: {} });
  });

  test("a transaction that is to be signed may not contradict itself", async () => {
    const transaction = { from: address, to: address, value: "0x1" };
    for (const contradiction of [
      { data: "0x01", input: "0x02" },
      { gasPrice: "0x1", maxFeePerGas: "0x1" },
    ]) {
      const { error } = await call(server.httpUrl, "eth_fillTransaction", [{ ...transaction, ...contradiction }]);
      expect(error?.code).toBe(-32000);
      expect(error?.message).toMatch(/^both /);
    }
    expect(engine.queries).toEqual([]);
  });

  test("accepts block ids of EIP-1898 and bare hashes", async () => {
    const blockHash = `0x${"cd".repeat(32)}`;
    await call(server.httpUrl, "eth_getBalance", [address, { blockHash, requireCanonical: true }]);
    await call(server.httpUrl, "eth_getBalance", [address, blockHash]);
    await call(server.httpUrl, "eth_getBalance", [address, { blockNumber: "safe" }]);
    expect(engine.queries.map((query) => (JSON.parse(query.params) as unknown[])[1])).toEqual([
      { blockHash, requireCanonical: true },
      { blockHash },
      { blockNumber: "safe" },
    ]);
  });
});

describe("hostile input", () => {
  test("refuses a batch of ten thousand with one error that carries the first id", async () => {
    const batch = Array.from({ length: 10_000 }, (_, id) => ({
      jsonrpc: "2.0",
      id: id + 5,
      method: "eth_blockNumber",
    }));
    const replies = JSON.parse((await postRaw(server.httpUrl, JSON.stringify(batch))).text) as RpcReply[];
    expect(replies).toEqual([{ jsonrpc: "2.0", id: 5, error: { code: -32600, message: "batch too large" } }]);
    expect(engine.queries).toEqual([]);
  });

  test("refuses a giant body before it is read", async () => {
    await restart({ limits: { bodyBytes: 10_000 } });
    const { status } = await postRaw(server.httpUrl, `"${"x".repeat(20_000)}"`);
    expect(status).toBe(413);
    expect((await call(server.httpUrl, "eth_chainId")).result).toBe("0x385");
  });

  test("refuses a giant chunked body while it comes in", async () => {
    await restart({ limits: { bodyBytes: 10_000 } });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(
        server.httpUrl,
        { method: "POST", headers: { "content-type": "application/json", "transfer-encoding": "chunked" } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      outgoing.on("error", reject);
      for (let index = 0; index < 20; index++) outgoing.write("x".repeat(1_000));
      outgoing.end();
    });
    expect(status).toBe(413);
  });

  test("refuses deep nesting without parsing it", async () => {
    for (const body of [
      "[".repeat(1_000_000),
      `{"a":`.repeat(100_000),
      `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
    ]) {
      expect(parse((await postRaw(server.httpUrl, body)).text).error?.code).toBe(-32600);
    }
  });

  test("does not count brackets in strings", async () => {
    engine.answer = () => '"ok"';
    const reply = await call(server.httpUrl, "web3_clientVersion", ["[".repeat(1_000) + '\\"['.repeat(100)]);
    expect(reply.error?.message).toBe("too many arguments, want at most 0");
  });

  test("cuts a response off at its limit and says so for each call", async () => {
    await restart({ limits: { responseBytes: 2_500 } });
    engine.answer = () => `"${"x".repeat(1_000)}"`;
    const batch = [1, 2, 3, 4].map((id) => ({ jsonrpc: "2.0", id, method: "eth_blockNumber" }));
    const replies = JSON.parse((await postRaw(server.httpUrl, JSON.stringify(batch))).text) as RpcReply[];
    expect(replies.map((reply) => reply.error?.code)).toEqual([undefined, undefined, -32003, -32003]);
  });

  test("serves others while one client stalls in the middle of its request", async () => {
    const stalled = connect(server.port, server.host);
    stalled.write(
      "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    );
    expect((await call(server.httpUrl, "net_version")).result).toBe("901");
    stalled.destroy();
  });

  test("answers what is no HTTP with 400", async () => {
    const socket = connect(server.port, server.host);
    socket.write("\x00\x01garbage\r\n\r\n");
    const answer = await new Promise<string>((resolve) => {
      let text = "";
      socket.on("data", (data) => {
        text += data.toString();
      });
      socket.on("close", () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1.1 400/);
  });
});

test("limits are configuration: known names, whole numbers", () => {
  expect(rpcLimitsSchema.parse({ batchRequests: 5 })).toEqual({ batchRequests: 5 });
  expect(rpcLimitsSchema.safeParse({ batchRequest: 5 }).success).toBe(false);
  expect(rpcLimitsSchema.safeParse({ bodyBytes: 0 }).success).toBe(false);
});

describe("access", () => {
  test("refuses foreign host names, allows IP addresses", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(
        server.httpUrl,
        { method: "POST", headers: { host: "evil.example", "content-type": "application/json" } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      outgoing.on("error", reject);
      outgoing.end("{}");
    });
    expect(status).toBe(403);
  });

  test("answers a preflight, and tells browsers which origins may read", async () => {
    const preflight = await fetch(server.httpUrl, { method: "OPTIONS", headers: { origin: "https://app.example" } });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
    await restart({ listen: { corsOrigins: ["https://app.example"] } });
    const foreign = await fetch(server.httpUrl, { method: "OPTIONS", headers: { origin: "https://evil.example" } });
    expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
    await expect(SocketClient.open(server.wsUrl, { origin: "https://evil.example" })).rejects.toEqual(new Refused(403));
  });

  test("wants POST and JSON", async () => {
    expect((await fetch(server.httpUrl)).status).toBe(200);
    expect((await fetch(server.httpUrl, { method: "PUT", body: "{}" })).status).toBe(405);
    expect((await fetch(server.httpUrl, { method: "POST", body: "{}" })).status).toBe(415);
  });
});

describe("eth_sendRawTransaction", () => {
  test("hands a batch of a hundred to the engine in one call, in order", async () => {
    const batch = Array.from({ length: 100 }, (_, id) => ({
      jsonrpc: "2.0",
      id,
      method: "eth_sendRawTransaction",
      params: [`0x${id.toString(16).padStart(2, "0")}ff`],
    }));
    const replies = JSON.parse((await postRaw(server.httpUrl, JSON.stringify(batch))).text) as RpcReply[];
    expect(engine.submitted.map((call) => call.length)).toEqual([100]);
    expect(engine.submitted[0]?.map((raw) => raw[0])).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(replies[99]?.result).toBe(`0x09${"63".padStart(62, "0")}`);
  });

  test("answers each of a mixed batch for itself: results, refusals, faulty parameters, other methods, notifications", async () => {
    engine.submitAnswer = (raw) =>
      raw[0] === 2 ? { error: { code: -32000, message: "nonce too low" } } : { hash: `0x${"0".repeat(63)}${raw[0]}` };
    const send = (id: number | undefined, params: unknown) => ({
      jsonrpc: "2.0",
      ...(id === undefined ? {} : { id }),
      method: "eth_sendRawTransaction",
      params,
    });
    const large = `0x01${"00".repeat(128 * 1024)}`;
    const batch = [send(1, ["0x01"]), send(2, ["0x02"]), send(3, ["01"]), send(undefined, ["0x03"]), send(4, [large])];
    const others = [
      { jsonrpc: "2.0", id: 5, method: "net_version" },
      send(6, ["0x04"]),
      send(7, []),
      send(8, ["0x05"]),
    ];
    const { text } = await postRaw(server.httpUrl, JSON.stringify([...batch, ...others]));
    const replies = JSON.parse(text) as RpcReply[];
    expect(replies.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(replies.map(({ error }) => error?.code)).toEqual([
      undefined,
      -32000,
      -32602,
      -32602,
      undefined,
      undefined,
      -32602,
      undefined,
    ]);
    expect(replies[0]?.result).toBe(`0x${"0".repeat(63)}1`);
    expect(replies[7]?.result).toBe(`0x${"0".repeat(63)}5`);
    // The run before the other method went as one, the notification in it.
    expect(engine.submitted[0]?.map((raw) => raw[0])).toEqual([1, 2, 3]);
  });

  test("keeps a batch behind the single transaction that came before it", async () => {
    const client = await SocketClient.open(server.wsUrl);
    client.send("eth_sendRawTransaction", ["0x01"], 1);
    client.sendRaw(
      JSON.stringify(
        [2, 3].map((id) => ({ jsonrpc: "2.0", id, method: "eth_sendRawTransaction", params: [`0x0${id}`] })),
      ),
    );
    await client.next();
    await expect.poll(() => engine.submitted.flat().map((raw) => raw[0])).toEqual([1, 2, 3]);
    client.close();
  });

  test("passes the pool's refusal on", async () => {
    engine.submitAnswer = () => ({ error: { code: -32000, message: "nonce too low" } });
    expect((await call(server.httpUrl, "eth_sendRawTransaction", ["0x01"])).error).toEqual({
      code: -32000,
      message: "nonce too low",
    });
  });

  test("refuses more than may wait", async () => {
    await restart({ limits: { submitQueue: 2 } });
    const batch = [1, 2, 3].map((id) => ({ jsonrpc: "2.0", id, method: "eth_sendRawTransaction", params: ["0x01"] }));
    const replies = JSON.parse((await postRaw(server.httpUrl, JSON.stringify(batch))).text) as RpcReply[];
    expect(replies.map((reply) => reply.error?.code)).toEqual([undefined, undefined, -32005]);
  });
});

describe("WebSocket", () => {
  test("answers requests and batches", async () => {
    const client = await SocketClient.open(server.wsUrl);
    client.send("eth_chainId", [], "x");
    expect(await client.next()).toEqual({ jsonrpc: "2.0", id: "x", result: "0x385" });
    client.sendRaw("garbage");
    expect(await client.next()).toMatchObject({ id: null, error: { code: -32700 } });
    client.close();
  });

  test("closes on a message that is too large", async () => {
    await restart({ limits: { bodyBytes: 1_000 } });
    const client = await SocketClient.open(server.wsUrl);
    client.sendRaw("x".repeat(2_000));
    expect(await client.closed()).toBe(1009);
  });

  test("disconnects a client that does not read", async () => {
    await restart({ limits: { socketBufferBytes: 100_000 } });
    engine.answer = () => `"${"x".repeat(4_000_000)}"`;
    const client = await SocketClient.open(server.wsUrl);
    client.pause();
    for (let id = 0; id < 20; id++) client.send("eth_blockNumber", [], id);
    const deadline = Date.now() + 500;
    while (engine.queries.length < 20 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await call(server.httpUrl, "net_listening")).result).toBe(true);
    client.resume();
    expect(await client.closed()).toBeDefined();
  });

  test("runs no more requests of a client that does not read their answers, until it does", async () => {
    engine.answer = () => `"${"x".repeat(250_000)}"`;
    const client = await SocketClient.open(server.wsUrl);
    client.pause();
    for (let id = 0; id < 60; id++) {
      client.send("eth_blockNumber", [], id);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // What the system's buffers hold counts as read.
    expect(engine.queries.length).toBeLessThan(40);
    client.resume();
    const ids = [];
    for (let count = 0; count < 60; count++) ids.push(((await client.next()) as { id: number }).id);
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, id) => id));
    client.close();
  });

  test("keeps to its limit of requests at a time", async () => {
    await restart({ limits: { concurrentRequests: 4 } });
    let running = 0;
    let most = 0;
    engine.answer = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return "1";
    };
    const client = await SocketClient.open(server.wsUrl);
    for (let id = 0; id < 40; id++) client.send("eth_blockNumber", [], id);
    for (let id = 0; id < 40; id++) await client.next();
    expect(most).toBe(4);
    client.close();
  });

  test("refuses further connections at its limit", async () => {
    await restart({ limits: { connections: 1 } });
    const client = await SocketClient.open(server.wsUrl);
    await expect(SocketClient.open(server.wsUrl)).rejects.toThrow();
    client.close();
  });
});
