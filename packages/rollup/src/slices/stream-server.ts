import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ExecutionPayload } from "@altlayer/engine";
import { type WebSocket, WebSocketServer } from "ws";
import { describeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { CertificationPoints } from "./certification-points.ts";
import type { DetailedSlice, SliceFeed } from "./slice-feed.ts";
import type { MarkMessage, SliceMessage } from "./slice-message.ts";
import { sliceSigningHash } from "./slice-signature.ts";
import { blockServer } from "./stream-blocks.ts";

export interface SliceStreamOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly chainId: number;
  readonly maxClients: number;
  /** Unsent bytes after which a client is cut off. */
  readonly maxBufferedBytes: number;
}

export interface SliceStreamDependencies {
  readonly feed: SliceFeed;
  readonly points: Pick<CertificationPoints, "listen">;
  /** Signs slice ids; without it only the Flashblocks path is served. */
  readonly sign: ((hash: `0x${string}`) => Promise<`0x${string}`>) | null;
  /** Sealed blocks, for who follows and missed some. */
  readonly payloadByNumber: (number: number) => Promise<ExecutionPayload | null>;
  readonly log: Logger;
}

export interface SliceStream {
  readonly url: string;
  close(): Promise<void>;
}

const CLOSE_GOING_AWAY = 1001;
const CLOSE_TRY_AGAIN_LATER = 1013;
const PING_INTERVAL_MS = 30_000;
const SLICES_PATH = "/slices";
/** The query that asks for gathered slices. */
export const GATHER = "gather";
/** So long a gathered slice waits at most for a certification point: about what is between two of them. */
const GATHER_MS = 100;
/** A message of gathered slices is sent once it has so many characters. */
const GATHER_CHARACTERS = 1024 * 1024;

/**
 * Streams slices over WebSocket, one JSON message each, without being asked: on `/` and `/ws` in the Flashblocks format
 * that OP Stack nodes read, on `/slices` with the signed slice id beside it (slice-message.ts); sealed blocks by HTTP
 * (stream-blocks.ts). On `/slices?gather` one message holds all up to a certification point, since each has its price for
 * both sides. A client that does not read fast enough is cut off; one that connects amid a block waits for the next
 * block's first slice.
 */
export async function startSliceStream(
  options: SliceStreamOptions,
  dependencies: SliceStreamDependencies,
): Promise<SliceStream> {
  const { feed, points, sign, log } = dependencies;
  const serveBlock = blockServer(dependencies.payloadByNumber);
  const server = createServer((request, response) => {
    if (serveBlock(request, response)) return;
    response.writeHead(426, { "content-type": "text/plain" }).end("this is a WebSocket stream\n");
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1_024, perMessageDeflate: false });
  const flashblocks = new Set<WebSocket>();
  const slices = new Set<WebSocket>();
  const gathering = new Set<WebSocket>();
  const gathered = new Gathered((text) => send(gathering, text));
  const followers = () => slices.size + gathering.size;
  let stopListening: (() => void) | null = null;
  // Signing takes its time; messages keep their order.
  let before: Promise<void> = Promise.resolve();
  const inOrder = (work: () => Promise<void> | void) => {
    before = before
      .then(work)
      .catch((error: unknown) => log.error("slice or mark not streamed", { error: describeError(error) }));
  };

  const send = (clients: Set<WebSocket>, text: string) => {
    if (clients.size === 0) return;
    // The same bytes for everybody.
    const bytes = Buffer.from(text);
    for (const client of clients) {
      if (client.bufferedAmount > options.maxBufferedBytes) {
        client.close(CLOSE_TRY_AGAIN_LATER, "client too slow");
        client.terminate();
      } else if (client.readyState === client.OPEN) {
        client.send(bytes, { binary: false });
      }
    }
  };
  const publish = (slice: DetailedSlice) => {
    send(flashblocks, slice.detail.flashblock);
    if (followers() === 0 || !sign) return;
    const signature = sign(sliceSigningHash({ chainId: options.chainId, id: slice.id }));
    // Awaited only in its turn: until then a failure counts as nobody's.
    signature.catch(() => {});
    inOrder(async () => {
      const text = messageOf(slice, await signature);
      send(slices, text);
      // A block's first slice says that the one before is sealed.
      if (gathering.size > 0) gathered.add(text, slice.index === 0);
    });
  };

  const stopMarking = points.listen((mark) => {
    if (followers() === 0) return;
    // Behind the slice that it marks.
    inOrder(() => {
      const text = JSON.stringify({ mark } satisfies MarkMessage);
      send(slices, text);
      if (gathering.size > 0) gathered.add(text, true);
    });
  });

  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    // Not parsed as a URL: whoever connects writes what it likes there, and not all of it is one.
    const [path, query] = (request.url ?? "").split("?", 2);
    const signed = new URLSearchParams(query).has(GATHER) ? gathering : slices;
    const clients = path === SLICES_PATH && sign ? signed : path === "/" || path === "/ws" ? flashblocks : null;
    if (!clients) return refuse(socket, "404 Not Found");
    if (flashblocks.size + followers() >= options.maxClients) return refuse(socket, "503 Service Unavailable");
    sockets.handleUpgrade(request, socket, head, (client) => {
      clients.add(client);
      stopListening ??= feed.listen({ slice: publish });
      client.on("error", () => client.terminate());
      client.on("close", () => {
        clients.delete(client);
        if (flashblocks.size + followers() > 0) return;
        stopListening?.();
        stopListening = null;
      });
    });
  });
  const silent = new WeakSet<WebSocket>();
  const pinging = setInterval(() => {
    for (const client of sockets.clients) {
      if (silent.has(client)) {
        client.terminate();
        continue;
      }
      silent.add(client);
      client.once("pong", () => silent.delete(client));
      client.ping();
    }
  }, PING_INTERVAL_MS);
  pinging.unref();

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `ws://${host}:${port}`,
    close: () => {
      clearInterval(pinging);
      stopListening?.();
      stopMarking();
      gathered.close();
      for (const client of sockets.clients) {
        client.close(CLOSE_GOING_AWAY, "server shuts down");
        setTimeout(() => client.terminate(), 500).unref();
      }
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Messages that wait for the one at which all of them are sent. */
class Gathered {
  readonly #send: (text: string) => void;
  #texts: string[] = [];
  #characters = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  add(text: string, isLast: boolean): void {
    this.#texts.push(text);
    this.#characters += text.length;
    if (isLast || this.#characters >= GATHER_CHARACTERS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const texts = this.#texts;
    this.#texts = [];
    this.#characters = 0;
    if (texts.length > 0) this.#send(`[${texts.join()}]`);
  }
}

/** A `SliceMessage` as JSON text, around the Flashblock as it came from the engine. */
function messageOf(slice: DetailedSlice, signature: `0x${string}`): string {
  const { number, parentHash, index, id, previousId, detail } = slice;
  const beside: Omit<SliceMessage, "flashblock"> = {
    slice: { number, parentHash, index, id, previousId },
    signature,
    ...(detail.attributes ? { attributes: detail.attributes } : {}),
  };
  return `${JSON.stringify(beside).slice(0, -1)},"flashblock":${detail.flashblock}}`;
}

function refuse(socket: { end(text: string): void }, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
