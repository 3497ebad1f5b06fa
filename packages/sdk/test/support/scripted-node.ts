import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** Answers a request; an error that it throws becomes a JSON-RPC error. */
export type Script = (method: string, params: readonly unknown[]) => unknown;

/** A real JSON-RPC server over HTTP and WebSocket that says what a test tells it to. */
export interface ScriptedNode {
  readonly httpUrl: string;
  readonly wsUrl: string;
  /** Methods that were asked for, in order. */
  readonly asked: { readonly method: string; readonly params: readonly unknown[] }[];
  script: Script;
  /** Topics to which somebody is subscribed, once each. */
  readonly topics: ReadonlyMap<string, string>;
  notify(topic: string, result: unknown): void;
  /** Cuts all WebSocket connections. */
  cut(): void;
  close(): Promise<void>;
}

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

export async function startScriptedNode(script: Script): Promise<ScriptedNode> {
  const asked: { method: string; params: readonly unknown[] }[] = [];
  const topics = new Map<string, string>();
  const sockets = new Map<WebSocket, Map<string, string>>();
  let subscriptions = 0;

  const answer = async ({ id, method, params = [] }: Request, socket?: WebSocket): Promise<unknown> => {
    asked.push({ method, params });
    try {
      if (socket !== undefined && method === "eth_subscribe") {
        const subscription = `0x${(++subscriptions).toString(16)}`;
        sockets.get(socket)?.set(subscription, String(params[0]));
        topics.set(String(params[0]), subscription);
        return { jsonrpc: "2.0", id, result: subscription };
      }
      if (socket !== undefined && method === "eth_unsubscribe") {
        const ended = sockets.get(socket)?.get(String(params[0]));
        sockets.get(socket)?.delete(String(params[0]));
        if (ended !== undefined) topics.delete(ended);
        return { jsonrpc: "2.0", id, result: ended !== undefined };
      }
      return { jsonrpc: "2.0", id, result: (await node.script(method, params)) ?? null };
    } catch (error) {
      const { code = -32000, message } = error as { code?: number; message: string };
      return { jsonrpc: "2.0", id, error: { code, message } };
    }
  };
  const handle = async (text: string, socket?: WebSocket): Promise<string> => {
    const body = JSON.parse(text) as Request | Request[];
    const result = Array.isArray(body)
      ? await Promise.all(body.map((request) => answer(request, socket)))
      : await answer(body, socket);
    return JSON.stringify(result);
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      void handle(Buffer.concat(chunks).toString()).then((text) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(text);
      });
    });
  });
  const websockets = new WebSocketServer({ server });
  websockets.on("connection", (socket) => {
    sockets.set(socket, new Map());
    socket.on("message", (data: Buffer) => void handle(data.toString(), socket).then((text) => socket.send(text)));
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.terminate());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const node: ScriptedNode = {
    httpUrl: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    asked,
    script,
    topics,
    notify: (topic, result) => {
      for (const [socket, own] of sockets) {
        for (const [subscription, name] of own) {
          if (name !== topic) continue;
          const params = { subscription, result };
          socket.send(JSON.stringify({ jsonrpc: "2.0", method: "eth_subscription", params }));
        }
      }
    },
    cut: () => {
      for (const socket of sockets.keys()) socket.terminate();
    },
    close: async () => {
      for (const socket of sockets.keys()) socket.terminate();
      websockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return node;
}
