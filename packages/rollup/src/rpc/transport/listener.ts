import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ByteBudget } from "../json-rpc/byte-budget.ts";
import type { JsonRpcHandler } from "../json-rpc/handler.ts";
import { BodySlots } from "./body-slots.ts";
import type { Authorize, HttpOptions } from "./http.ts";
import { createHttpListener } from "./http.ts";
import { WebSocketTransport } from "./websocket.ts";

/** Headers are a few hundred bytes: whoever takes longer keeps a connection from others. */
const HEADERS_TIMEOUT_MS = 10_000;
const CHECKING_INTERVAL_MS = 2_000;
/** Share of the connections from which idle ones make room. */
const CROWDED = 0.9;

export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly httpUrl: string;
  readonly wsUrl: string;
  close(): Promise<void>;
}

/** Where connections run short, those that are kept alive without a request give way. */
function makeRoom(server: Server, connections: number): void {
  let open = 0;
  let lastMs = 0;
  server.on("connection", (socket) => {
    open++;
    socket.once("close", () => {
      open--;
    });
    if (open < CROWDED * connections || Date.now() - lastMs < 1_000) return;
    lastMs = Date.now();
    server.closeIdleConnections();
  });
}

/** HTTP and WebSocket on one port, in front of one handler. */
export async function listen(
  options: HttpOptions,
  dependencies: {
    readonly handler: JsonRpcHandler;
    readonly authorize?: Authorize;
  },
): Promise<Listener> {
  const { limits } = options;
  const budget = new ByteBudget({ bytes: limits.bufferedBytes });
  const slots = new BodySlots({ slots: Math.max(1, Math.floor(limits.bufferedBytes / 2 / limits.bodyBytes)) });
  const websocket = new WebSocketTransport(options, { ...dependencies, budget });
  const server = createServer(
    {
      keepAlive: true,
      keepAliveTimeout: limits.keepAliveMs,
      requestTimeout: limits.requestTimeoutMs,
      headersTimeout: Math.min(limits.requestTimeoutMs, HEADERS_TIMEOUT_MS),
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
      noDelay: true,
    },
    createHttpListener(options, { ...dependencies, budget, slots }),
  );
  server.maxConnections = limits.connections;
  makeRoom(server, limits.connections);
  server.on("upgrade", (request, socket, head) => websocket.upgrade(request, socket, head));
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.listen.port, options.listen.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const { host } = options.listen;
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    host,
    port,
    httpUrl: `http://${shown}:${port}`,
    wsUrl: `ws://${shown}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        slots.close();
        websocket.close();
        server.closeIdleConnections();
        // Requests under way get a moment to finish.
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
}
