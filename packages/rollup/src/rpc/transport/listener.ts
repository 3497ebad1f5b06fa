import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonRpcHandler } from "../json-rpc/handler.ts";
import type { Authorize, HttpOptions } from "./http.ts";
import { createHttpListener } from "./http.ts";
import { WebSocketTransport } from "./websocket.ts";

export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly httpUrl: string;
  readonly wsUrl: string;
  close(): Promise<void>;
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
  const websocket = new WebSocketTransport(options, dependencies);
  const server = createServer(
    {
      keepAlive: true,
      keepAliveTimeout: limits.keepAliveMs,
      requestTimeout: limits.requestTimeoutMs,
      headersTimeout: limits.requestTimeoutMs,
      noDelay: true,
    },
    createHttpListener(options, dependencies),
  );
  server.maxConnections = limits.connections;
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
        websocket.close();
        server.closeIdleConnections();
        // Requests under way get a moment to finish.
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
}
