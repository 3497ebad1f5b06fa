import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteBudget } from "../json-rpc/byte-budget.ts";
import type { JsonRpcHandler } from "../json-rpc/handler.ts";
import type { ListenOptions, RpcLimits } from "../options.ts";
import { corsHeaders, isHostAllowed } from "./access.ts";

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
    readonly authorize?: Authorize;
  },
): (request: IncomingMessage, response: ServerResponse) => void {
  const { listen, limits } = options;
  const { budget } = dependencies;
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
    readBody(request, { limit: limits.bodyBytes, budget }, (body) => {
      if (body === "too large") return refuse(response, 413, tooLarge);
      if (body === "busy") return refuse(response, 503, "too many requests are under way, try again");
      dependencies.handler.handle(body, { budget }).then(
        (answer) => respond(response, answer ?? "", { budget, stalledMs: limits.stalledResponseMs }),
        () => refuse(response, 500, "internal error"),
      );
    });
  };
}

function isJson(contentType: string | undefined): boolean {
  if (contentType === "application/json") return true;
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  return type === "application/json" || type === "application/json-rpc" || type === "application/jsonrequest";
}

/** Collects the body, until it grows beyond the limit (chunked bodies announce no length) or all clients hold too much. */
function readBody(
  request: IncomingMessage,
  { limit, budget }: { readonly limit: number; readonly budget: ByteBudget },
  done: (body: Buffer | "too large" | "busy") => void,
): void {
  const chunks: Buffer[] = [];
  const held = budget.hold();
  let length = 0;
  let finished = false;
  const finish = (problem?: "too large" | "busy") => {
    if (finished) return;
    finished = true;
    held.release();
    const body = problem ?? (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    chunks.length = 0;
    done(body);
  };
  request.on("data", (chunk: Buffer) => {
    if (finished) return;
    if (length + chunk.length > limit) return finish("too large");
    if (!held.add(chunk.length)) return finish("busy");
    length += chunk.length;
    chunks.push(chunk);
  });
  request.on("end", () => finish());
  request.on("close", () => {
    if (finished) return;
    // The client is gone before it said all.
    finished = true;
    chunks.length = 0;
    held.release();
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
  response.end(message === "" ? undefined : `${message}\n`);
}
