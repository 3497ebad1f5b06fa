import type { IncomingMessage, ServerResponse } from "node:http";
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
    readonly authorize?: Authorize;
  },
): (request: IncomingMessage, response: ServerResponse) => void {
  const { listen, limits } = options;
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
      return refuse(response, 413, `content length too large (limit ${limits.bodyBytes})`);
    }
    readBody(request, limits.bodyBytes, (body) => {
      if (body === undefined) return refuse(response, 413, `content length too large (limit ${limits.bodyBytes})`);
      dependencies.handler.handle(body, {}).then(
        (answer) => respond(response, answer ?? ""),
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

/** Collects the body; `undefined` once it grows beyond the limit (chunked bodies announce no length). */
function readBody(request: IncomingMessage, limit: number, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let finished = false;
  request.on("data", (chunk: Buffer) => {
    if (finished) return;
    length += chunk.length;
    if (length > limit) {
      finished = true;
      chunks.length = 0;
      done(undefined);
      return;
    }
    chunks.push(chunk);
  });
  request.on("end", () => {
    if (finished) return;
    finished = true;
    done(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
  });
  request.on("error", () => {
    finished = true;
  });
}

function respond(response: ServerResponse, text: string): void {
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return;
  // A body that was not read would otherwise be taken for the next request of the connection.
  if (status >= 400) response.setHeader("connection", "close");
  response.writeHead(status, message === "" ? {} : { "content-type": "text/plain; charset=utf-8" });
  response.end(message === "" ? undefined : `${message}\n`);
}
