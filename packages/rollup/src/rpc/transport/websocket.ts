import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { WebSocketServer } from "ws";
import type { ByteBudget, ByteHolding } from "../json-rpc/byte-budget.ts";
import type { JsonRpcHandler } from "../json-rpc/handler.ts";
import type { Notifier } from "../json-rpc/method.ts";
import { isHostAllowed, isOriginAllowed } from "./access.ts";
import type { Authorize, HttpOptions } from "./http.ts";

/** RFC 6455 close codes that this server sends. */
const CLOSE_GOING_AWAY = 1001;
const CLOSE_TRY_AGAIN_LATER = 1013;
const PING_INTERVAL_MS = 30_000;
const CHECKING_INTERVAL_MS = 2_000;
/** Unread bytes above which no further request of a client is run: who does not read answers causes no more of them. */
const UNREAD_BYTES = 256 * 1024;

/** A message of which parts have come. */
interface Incoming {
  readonly held: ByteHolding;
  readonly sinceMs: number;
}

/** WebSocket connections over the HTTP port: JSON-RPC in messages, notifications of subscriptions beside the answers. */
export class WebSocketTransport {
  readonly #options: HttpOptions;
  readonly #handler: JsonRpcHandler;
  readonly #authorize: Authorize | undefined;
  readonly #server: WebSocketServer;
  readonly #pinging: NodeJS.Timeout;
  readonly #checking: NodeJS.Timeout;
  /** Clients that have not answered the last ping, and how much they had not read then. */
  readonly #silent = new WeakMap<WebSocket, number>();
  readonly #budget: ByteBudget;
  readonly #incoming = new Map<WebSocket, Incoming>();

  constructor(
    options: HttpOptions,
    dependencies: {
      readonly handler: JsonRpcHandler;
      readonly budget: ByteBudget;
      readonly authorize?: Authorize;
    },
  ) {
    this.#options = options;
    this.#handler = dependencies.handler;
    this.#authorize = dependencies.authorize;
    this.#budget = dependencies.budget;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: options.limits.bodyBytes,
      perMessageDeflate: false,
    });
    this.#pinging = setInterval(() => this.#ping(), PING_INTERVAL_MS);
    this.#pinging.unref();
    this.#checking = setInterval(() => this.#endSlowSenders(), CHECKING_INTERVAL_MS);
    this.#checking.unref();
  }

  /** Takes an `upgrade` event of the HTTP server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const { listen, limits } = this.#options;
    if (!isHostAllowed(request, listen) || !isOriginAllowed(request, listen)) {
      reject(socket, "403 Forbidden");
    } else if (this.#authorize?.(request) !== undefined) {
      reject(socket, "401 Unauthorized");
    } else if (this.#server.clients.size >= limits.connections) {
      reject(socket, "503 Service Unavailable");
    } else {
      this.#server.handleUpgrade(request, socket, head, (client) => this.#connected(client, socket));
    }
  }

  close(): void {
    clearInterval(this.#pinging);
    clearInterval(this.#checking);
    for (const client of this.#server.clients) {
      client.close(CLOSE_GOING_AWAY, "server shuts down");
      // Whoever does not answer the close frame must not hold up the shutdown.
      setTimeout(() => client.terminate(), 500).unref();
    }
    this.#server.close();
  }

  #connected(client: WebSocket, socket: Duplex): void {
    const { limits } = this.#options;
    this.#watchIncoming(client, socket);
    const outgoing = this.#budget.hold();
    const closing = new Set<() => void>();
    const notifier: Notifier = {
      send: (text) => this.#send(client, outgoing, text, proceed),
      onClose: (callback) => {
        closing.add(callback);
        return () => closing.delete(callback);
      },
      subscriptions: new Map(),
    };
    let running = 0;
    // What one read of the socket already brought when the limit was reached; bounded by the size of that read.
    const waiting: Buffer[] = [];
    const run = (data: Buffer): void => {
      running++;
      this.#handler
        .handle(data, { notifier, budget: this.#budget, isGone: () => client.readyState !== client.OPEN })
        .then((answer) => {
          if (answer !== undefined) this.#send(client, outgoing, answer, proceed);
        })
        .catch(() => client.terminate())
        .finally(() => {
          running--;
          proceed();
        });
    };
    const mayRun = () => running < limits.concurrentRequests && client.bufferedAmount <= UNREAD_BYTES;
    const proceed = (): void => {
      for (let next = waiting[0]; next !== undefined && mayRun(); next = waiting[0]) {
        waiting.shift();
        run(next);
      }
      if (waiting.length === 0 && client.isPaused && mayRun()) client.resume();
    };
    client.on("message", (data: Buffer) => {
      if (mayRun()) {
        run(data);
        return;
      }
      waiting.push(data);
      client.pause();
    });
    client.on("pong", () => this.#silent.delete(client));
    for (const complete of ["message", "ping", "pong"]) client.on(complete, () => this.#forgetIncoming(client));
    client.on("error", () => client.terminate());
    client.on("close", () => {
      for (const callback of closing) callback();
      closing.clear();
      this.#forgetIncoming(client);
    });
  }

  /** Counts what comes in until it is a whole message: `ws` keeps the parts. */
  #watchIncoming(client: WebSocket, socket: Duplex): void {
    socket.on("data", (chunk: Buffer) => {
      if (client.readyState !== client.OPEN) return;
      const incoming = this.#incoming.get(client) ?? { held: this.#budget.hold(), sinceMs: performance.now() };
      this.#incoming.set(client, incoming);
      if (incoming.held.add(chunk.length)) return;
      client.close(CLOSE_TRY_AGAIN_LATER, "too many requests are under way");
      client.terminate();
    });
  }

  #forgetIncoming(client: WebSocket): void {
    const incoming = this.#incoming.get(client);
    if (!incoming) return;
    incoming.held.release();
    this.#incoming.delete(client);
  }

  #endSlowSenders(): void {
    const oldestMs = performance.now() - this.#options.limits.requestTimeoutMs;
    for (const [client, { sinceMs }] of this.#incoming) {
      // A paused client is one that we do not read.
      if (sinceMs < oldestMs && !client.isPaused) client.terminate();
    }
  }

  #send(client: WebSocket, outgoing: ByteHolding, text: string, onRead: () => void): void {
    if (client.readyState !== client.OPEN) return;
    if (client.bufferedAmount > this.#options.limits.socketBufferBytes) {
      // A client that does not read must not fill our memory; it sees why it was cut off.
      client.close(CLOSE_TRY_AGAIN_LATER, "client too slow, notifications overflowed");
      client.terminate();
      return;
    }
    const bytes = Buffer.byteLength(text);
    if (!outgoing.add(bytes)) {
      client.close(CLOSE_TRY_AGAIN_LATER, "too many answers are unread");
      client.terminate();
      return;
    }
    client.send(text, () => {
      outgoing.remove(bytes);
      onRead();
    });
  }

  #ping(): void {
    for (const client of this.#server.clients) {
      // A paused client's answer is not read by us; it counts as alive while it reads.
      const unread = client.isPaused ? client.bufferedAmount : 0;
      if (unread >= (this.#silent.get(client) ?? Number.POSITIVE_INFINITY)) {
        client.terminate();
        continue;
      }
      this.#silent.set(client, unread);
      client.ping();
    }
  }
}

function reject(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
