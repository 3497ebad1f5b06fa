import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ByteBudget } from "../json-rpc/byte-budget.ts";
import type { JsonRpcHandler } from "../json-rpc/handler.ts";
import type { ListenOptions, RpcLimits } from "../options.ts";
import { corsHeaders, isHostAllowed } from "./access.ts";
import type { BodySlots } from "./body-slots.ts";

/**
 * A request with this header (any value) takes the chain as it is: one that rests is not brought to its schedule for it.
 * For monitoring and indexers, which would otherwise keep every chain awake.
 */
export const QUIET_HEADER = "x-altlayer-quiet";
/** Requests of one connection that may wait for their answers; one of them is served. */
const MAX_PIPELINED = 4;
/** Bodies up to this are read at once. */
const SMALL_BODY_BYTES = 64 * 1024;

/** Decides whether a request may come in: `undefined` lets it pass, else the reason for a 401. */
export type Authorize = (request: IncomingMessage) => string | undefined;

export interface HttpOptions {
  readonly listen: ListenOptions;
  readonly limits: RpcLimits;
}

/** Answers one HTTP request: POST carries JSON-RPC, GET is a liveness probe, OPTIONS a CORS preflight. */
export function createHttpListener(
  options: HttpOptions,
  dependencies: {
    readonly handler: JsonRpcHandler;
    readonly budget: ByteBudget;
    readonly slots: BodySlots;
    readonly authorize?: Authorize;
  },
): (request: IncomingMessage, response: ServerResponse) => void {
  const { listen, limits } = options;
  const { budget, slots } = dependencies;
  const pipelines = new WeakMap<Socket, (() => void)[]>();
  const tooLarge = `content length too large (limit ${limits.bodyBytes})`;
  return (request, response) => {
    const cors = corsHeaders(request, listen);
    if (cors !== undefined) for (const name in cors) response.setHeader(name, cors[name] as string);
    if (!isHostAllowed(request, listen)) return refuse(response, 403, "invalid host specified");
    if (request.method === "OPTIONS") return refuse(response, 204, "");
    const denied = dependencies.authorize?.(request);
    if (denied !== undefined) return refuse(response, 401, denied);
    if (request.method === "GET") return refuse(response, 200, "");
    if (request.method !== "POST") return refuse(response, 405, "method not allowed");
    if (!isJson(request.headers["content-type"])) {
      return refuse(response, 415, "invalid content type, only application/json is supported");
    }
    if (Number(request.headers["content-length"] ?? 0) > limits.bodyBytes) {
      return refuse(response, 413, tooLarge);
    }
    // Clients wait for an answer before they ask on; who does not is served in turn, and the next request only when the
    // answer before it has left: who does not read causes no more of them.
    const pipeline = pipelines.get(request.socket) ?? [];
    if (pipeline.length >= MAX_PIPELINED) {
      request.socket.destroy();
      return;
    }
    pipelines.set(request.socket, pipeline);
    const serve = () =>
      readBody(request, { limit: limits.bodyBytes, slots }, (body) => {
        if (body === undefined) return refuse(response, 413, tooLarge);
        const quiet = request.headers[QUIET_HEADER] !== undefined;
        dependencies.handler.handle(body, { budget, quiet, isGone: () => response.destroyed }).then(
          (answer) => respond(response, answer ?? "", { budget, stalledMs: limits.stalledResponseMs }),
          () => refuse(response, 500, "internal error"),
        );
      });
    pipeline.push(serve);
    response.once("close", () => {
      const isServed = pipeline[0] === serve;
      pipeline.splice(pipeline.indexOf(serve), 1);
      if (isServed && !request.socket.destroyed) pipeline[0]?.();
    });
    if (pipeline.length === 1) serve();
  };
}

function isJson(contentType: string | undefined): boolean {
  if (contentType === "application/json") return true;
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  return type === "application/json" || type === "application/json-rpc" || type === "application/jsonrequest";
}

/** Collects the body until it grows beyond the limit; beyond a few packets it needs a slot, and is not read before. */
function readBody(
  request: IncomingMessage,
  { limit, slots }: { readonly limit: number; readonly slots: BodySlots },
  done: (body: Buffer | undefined) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let finished = false;
  let giveUp: (() => void) | null = null;
  const finish = (body?: Buffer) => {
    if (finished) return;
    finished = true;
    giveUp?.();
    chunks.length = 0;
    done(body);
  };
  request.on("data", (chunk: Buffer) => {
    if (finished) return;
    length += chunk.length;
    if (length > limit) return finish();
    chunks.push(chunk);
    if (length <= SMALL_BODY_BYTES || giveUp !== null) return;
    request.pause();
    giveUp = slots.acquire(
      () => request.resume(),
      () => request.destroy(),
    );
  });
  request.on("end", () => finish(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)));
  request.on("close", () => {
    // The client is gone before it said all.
    finished = true;
    chunks.length = 0;
    giveUp?.();
  });
  request.on("error", () => {});
}

/** Sends an answer, and holds it only for as long as its client reads. */
function respond(
  response: ServerResponse,
  text: string,
  { budget, stalledMs }: { readonly budget: ByteBudget; readonly stalledMs: number },
): void {
  const bytes = Buffer.byteLength(text);
  const held = budget.hold();
  if (!held.add(bytes)) {
    refuse(response, 503, "too many answers are unread, try again");
    return;
  }
  response.once("close", () => held.release());
  response.setTimeout(stalledMs, () => response.destroy());
  response.writeHead(200, { "content-type": "application/json", "content-length": bytes });
  response.end(text);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return;
  // A body that was not read would otherwise be taken for the next request of the connection.
  if (status >= 400) response.setHeader("connection", "close");
  response.writeHead(status, message === "" ? {} : { "content-type": "text/plain; charset=utf-8" });
  // What a refused client goes on sending is not read.
  response.end(message === "" ? undefined : `${message}\n`, status >= 400 ? () => endSoon(response) : undefined);
}

/** Lets a refusal reach its client, then ends the connection even if the client goes on sending. */
function endSoon(response: ServerResponse): void {
  const { socket } = response;
  socket?.pause();
  setTimeout(() => socket?.destroy(), 500).unref();
}
