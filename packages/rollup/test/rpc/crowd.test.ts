import { connect, type Socket } from "node:net";
import type { Hex } from "@altlayer/engine";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { RpcLimits } from "../../src/rpc/options.ts";
import { type RpcServer, startRpcServer } from "../../src/rpc/server.ts";
import { until } from "../support/until.ts";
import { call, postRaw, SocketClient } from "./support/client.ts";
import { nodeInfo } from "./support/node-info.ts";
import { hashOf, ScriptedEngine } from "./support/scripted-engine.ts";

/** Many clients that each keep within their own limits. */
describe("a crowd of hostile clients", () => {
  let engine: ScriptedEngine;
  let server: RpcServer;
  const sockets: Socket[] = [];
  const clients: SocketClient[] = [];

  const start = async (limits: Partial<RpcLimits>) => {
    engine = new ScriptedEngine();
    server = await startRpcServer({ limits }, { engine, node: nodeInfo });
  };
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const client of clients.splice(0)) client.close();
    await server.close();
  });

  /** A connection that sends what it is told and reads as it likes; tells the first line that came back. */
  const open = async (text: string, { reads = true } = {}): Promise<{ socket: Socket; status: () => string }> => {
    const socket = connect(server.port, server.host);
    sockets.push(socket);
    let received = "";
    socket.on("error", () => {});
    if (reads) {
      socket.on("data", (data) => {
        received += data.toString();
      });
    } else socket.pause();
    await new Promise<void>((resolve) => socket.write(text, () => resolve()));
    return { socket, status: () => received.split("\r\n", 1)[0] ?? "" };
  };
  const head = (length: number) =>
    `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
  const served = async () => (await call(server.httpUrl, "net_version")).result;
  const ask = (id: number) => JSON.stringify({ jsonrpc: "2.0", id, method: "eth_blockNumber", params: [] });

  test("that send large bodies slowly are read a few at a time, lose their turn to others, and delay no small one", async () => {
    // Two slots.
    await start({ bufferedBytes: 2_000_000, bodyBytes: 500_000 });
    const part = "x".repeat(100_000);
    const crowd = await Promise.all(Array.from({ length: 20 }, () => open(head(400_000) + part)));
    expect(await served()).toBe("901");
    const large = postRaw(server.httpUrl, `"${"x".repeat(300_000)}"`);
    await until(() => crowd.filter(({ socket }) => socket.closed).length >= 2, 15_000);
    expect(await served()).toBe("901");
    for (const { socket } of crowd) socket.destroy();
    expect((await large).status).toBe(200);
  }, 30_000);

  test("that send request after request without reading answers lose their connection", async () => {
    await start({});
    const gate = new Promise<void>(() => {});
    engine.answer = async () => {
      await gate;
      return "1";
    };
    const { socket } = await open((head(ask(1).length) + ask(1)).repeat(50));
    await until(() => socket.closed);
    expect(engine.queries.length).toBe(1);
  });

  test("that send the next request before the answer are served in turn", async () => {
    await start({});
    const answers: (() => void)[] = [];
    engine.answer = () => new Promise((resolve) => answers.push(() => resolve('"0x1"')));
    const { socket } = await open((head(ask(1).length) + ask(1)).repeat(3));
    let received = "";
    socket.on("data", (data) => {
      received += data.toString();
    });
    for (const turn of [1, 2, 3]) {
      await until(() => answers.length === turn);
      // Whoever is served beside them shows that the others had their chance.
      expect(await served()).toBe("901");
      expect(answers.length).toBe(turn);
      answers[turn - 1]?.();
    }
    await until(() => received.split("0x1").length === 4);
  });

  test("that leave in the middle of a batch are not worked for any more", async () => {
    await start({ concurrentRequests: 2 });
    engine.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return "1";
    };
    const batch = `[${Array.from({ length: 500 }, (_, id) => ask(id)).join(",")}]`;
    const { socket } = await open(head(batch.length) + batch);
    await until(() => engine.queries.length >= 4);
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const after = engine.queries.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(engine.queries.length).toBe(after);
    expect(after).toBeLessThan(200);
  });

  test("that send more batches than are answered at a time are refused, single requests are not", async () => {
    await start({ batches: 3 });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    engine.answer = async () => {
      await gate;
      return "1";
    };
    const replies = Array.from({ length: 5 }, () => postRaw(server.httpUrl, `[${ask(1)},${ask(2)}]`));
    await until(() => engine.queries.length === 6);
    const refused = await Promise.any(replies);
    expect(JSON.parse(refused.text)).toMatchObject([{ error: { code: -32005 } }]);
    expect(await served()).toBe("901");
    // Nobody looks into what is refused.
    expect(JSON.parse((await postRaw(server.httpUrl, " [{")).text)).toMatchObject([{ error: { code: -32005 } }]);
    release();
    const texts = (await Promise.all(replies)).map(({ text }) => text);
    expect(texts.filter((text) => text.includes("-32005")).length).toBe(2);
  });

  test("that send batches share what one may run at a time", async () => {
    await start({ concurrentRequests: 8 });
    let running = 0;
    let most = 0;
    engine.answer = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return "1";
    };
    const batch = `[${Array.from({ length: 20 }, (_, id) => ask(id)).join(",")}]`;
    const replies = await Promise.all(Array.from({ length: 40 }, () => postRaw(server.httpUrl, batch)));
    for (const { text } of replies) expect(JSON.parse(text)).toHaveLength(20);
    // Without sharing it would be 320: 8 for each of 40.
    expect(most).toBeLessThan(140);
  });

  test("that read no answers are cut off after a while, and what they were owed is free again", async () => {
    await start({ bufferedBytes: 40_000_000, stalledResponseMs: 400 });
    engine.answer = () => `"${"x".repeat(8_000_000)}"`;
    const text = head(ask(1).length) + ask(1);
    const crowd = await Promise.all(Array.from({ length: 12 }, () => open(text, { reads: false })));
    await until(() => engine.queries.length === 12);
    expect(await served()).toBe("901");
    // On a busy machine this client, too, may be taken for one that reads nothing.
    const isServed = () =>
      postRaw(server.httpUrl, ask(2)).then(
        ({ status }) => status === 200,
        () => false,
      );
    await until(isServed, 60_000);
    for (const { socket } of crowd) socket.destroy();
  }, 90_000);

  test("that leave WebSocket messages unfinished are disconnected", async () => {
    await start({ requestTimeoutMs: 500, bufferedBytes: 1_000_000 });
    const finished = await SocketClient.open(server.wsUrl);
    clients.push(finished);
    const crowd = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = new WebSocket(server.wsUrl);
        await new Promise((resolve) => socket.once("open", resolve));
        socket.on("error", () => {});
        socket.send("x".repeat(100_000), { fin: false });
        return socket;
      }),
    );
    await until(() => crowd.every((socket) => socket.readyState === WebSocket.CLOSED));
    finished.send("eth_chainId");
    expect(await finished.next()).toMatchObject({ result: "0x385" });
    await until(async () => (await postRaw(server.httpUrl, `"${"x".repeat(900_000)}"`)).status === 200);
  });

  test("that keep connections without using them give way to those that come", async () => {
    await start({ connections: 20 });
    const idle = await Promise.all(Array.from({ length: 18 }, () => open(head(ask(1).length) + ask(1))));
    await until(() => idle.every(({ status }) => status() === "HTTP/1.1 200 OK"));
    for (let turn = 0; turn < 10; turn++) {
      const { status } = await open(head(ask(2).length) + ask(2));
      await until(() => status() === "HTTP/1.1 200 OK");
    }
    expect(idle.some(({ socket }) => socket.closed)).toBe(true);
  });

  test("that send thousands of big batches make the server gather no more than the budget", async () => {
    await start({ bufferedBytes: 3_000_000, responseBytes: 2_000_000 });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let answered = 0;
    engine.answer = async () => {
      // The last answer of every batch is kept waiting, while the others are held.
      if (++answered % 4 === 0) await gate;
      return `"${"x".repeat(400_000)}"`;
    };
    const batch = `[${[1, 2, 3, 4].map(ask).join(",")}]`;
    const crowd = Array.from({ length: 6 }, () => postRaw(server.httpUrl, batch));
    await until(() => answered === 24);
    release();
    const replies = (await Promise.all(crowd)).filter(({ status }) => status === 200).map(({ text }) => text);
    expect(replies.join("").match(/-32003/g)?.length ?? 0).toBeGreaterThan(0);
    expect(await served()).toBe("901");
    await until(async () => (await postRaw(server.httpUrl, ask(9))).status === 200);
  });

  test("that all want whole pending transactions cost one read of each", async () => {
    await start({});
    engine.answer = (_, params) => JSON.stringify({ hash: (JSON.parse(params) as string[])[0] });
    const ids = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const reply = await call(server.httpUrl, "eth_newPendingTransactionFilter", [true]);
        return reply.result as string;
      }),
    );
    const hashes: Hex[] = [hashOf(1), hashOf(2), hashOf(3)];
    engine.emit({ kind: "pooled", hashes });
    await until(() => engine.queries.length >= 3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(engine.queries.length).toBe(3);
    for (const id of ids) {
      const { result } = await call(server.httpUrl, "eth_getFilterChanges", [id]);
      expect(result).toEqual(hashes.map((hash) => ({ hash })));
    }
  });

  test("that install filters and never poll keep no more results than all may", async () => {
    await start({ filterResultsTotal: 100 });
    const install = async () => (await call(server.httpUrl, "eth_newPendingTransactionFilter")).result as string;
    const unpolled = [await install(), await install(), await install()];
    const hashes = Array.from({ length: 40 }, (_, index) => hashOf(index));
    engine.emit({ kind: "pooled", hashes });
    expect((await call(server.httpUrl, "eth_getFilterChanges", [unpolled[0]])).result).toHaveLength(40);
    expect((await call(server.httpUrl, "eth_getFilterChanges", [unpolled[2]])).error?.code).toBe(-32005);
    // What was polled, and what was uninstalled, makes room.
    await call(server.httpUrl, "eth_uninstallFilter", [unpolled[1]]);
    engine.emit({ kind: "pooled", hashes });
    expect((await call(server.httpUrl, "eth_getFilterChanges", [unpolled[2]])).result).toHaveLength(40);
  });

  test("that subscribe over many connections meet a bound on all of them", async () => {
    await start({ subscriptions: 3 });
    const errors: unknown[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const client = await SocketClient.open(server.wsUrl);
      clients.push(client);
      client.send("eth_subscribe", ["newHeads"]);
      const reply = (await client.next()) as { error?: { code: number } };
      if (reply.error) errors.push(reply.error.code);
    }
    expect(errors).toEqual([-32005]);
    const [first, , , last] = clients;
    first?.close();
    await until(async () => {
      last?.send("eth_subscribe", ["newHeads"]);
      const reply = (await last?.next()) as { result?: string } | undefined;
      return reply?.result !== undefined;
    });
  });
});
