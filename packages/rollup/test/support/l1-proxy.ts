import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the proxy does to one request instead of passing it on. */
export type L1Fault =
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: "rpc-error"; readonly code: number; readonly message: string }
  /** Passed on, answered so much later. */
  | { readonly kind: "late"; readonly ms: number }
  /** Never answered; the connection stays. */
  | { readonly kind: "silent" }
  /** The connection is cut before an answer. */
  | { readonly kind: "cut" }
  /** The first half of the real answer, then the end of the connection. */
  | { readonly kind: "truncated" }
  | { readonly kind: "garbage" }
  /** A valid beginning of JSON that goes on for so many bytes. */
  | { readonly kind: "huge"; readonly bytes: number }
  /** A lie: the real result, changed. */
  | { readonly kind: "changed"; readonly change: (result: never) => unknown }
  /** A lie: the answer to the same question with other parameters. */
  | { readonly kind: "instead"; readonly params: readonly unknown[] }
  /** Answered by another L1 behind the same address. */
  | { readonly kind: "other"; readonly url: string };

export interface L1Request {
  /** JSON-RPC method, or `GET` and the path for the beacon API. */
  readonly method: string;
  readonly params: readonly unknown[];
}

export interface L1Proxy {
  readonly url: string;
  /** Decides every request from now on; `null` passes it on. */
  inject(fault: ((request: L1Request) => L1Fault | null) | null): void;
  /** Requests met by a fault so far, by the fault's kind. */
  readonly met: ReadonlyMap<L1Fault["kind"], number>;
  close(): Promise<void>;
}

/** A controllable way to a real L1 (or its beacon API): it passes all on until told otherwise. */
export async function startL1Proxy(url: string | (() => string)): Promise<L1Proxy> {
  const target = typeof url === "string" ? () => url : url;
  let decide: ((request: L1Request) => L1Fault | null) | null = null;
  const met = new Map<L1Fault["kind"], number>();
  const timers = new Set<NodeJS.Timeout>();

  const server = createServer((request, response) => {
    // The client may have given up by the time an answer comes.
    handle(request, response).catch(() => response.destroy());
  });
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    let body = await bodyOf(request);
    const asked = describe(request, body);
    const fault = decide?.(asked) ?? null;
    if (fault) met.set(fault.kind, (met.get(fault.kind) ?? 0) + 1);
    switch (fault?.kind) {
      case "status":
        response.statusCode = fault.status;
        if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
        response.end("no");
        return;
      case "rpc-error": {
        const { code, message } = fault;
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ jsonrpc: "2.0", id: idOf(body), error: { code, message } }));
        return;
      }
      case "silent":
        return;
      case "cut":
        response.destroy();
        return;
      case "garbage":
        response.end(`{"jsonrpc":"2.0","id":${"\u0000\ufffd".repeat(50)}`);
        return;
      case "huge":
        await flood(response, fault.bytes);
        return;
      default:
    }
    const url = fault?.kind === "other" ? fault.url : target();
    if (fault?.kind === "instead") body = JSON.stringify({ ...(JSON.parse(body) as object), params: fault.params });
    const answer = await fetch(new URL(request.url ?? "/", url), {
      method: request.method ?? "GET",
      ...(body === "" ? {} : { body, headers: { "content-type": "application/json" } }),
      signal: AbortSignal.timeout(30_000),
    });
    let text = await answer.text();
    if (fault?.kind === "changed") {
      const json = JSON.parse(text) as { result?: unknown; data?: unknown };
      // The beacon API's answers lie under `data`.
      const field = "data" in json ? "data" : "result";
      if (field in json) json[field] = fault.change(json[field] as never);
      text = JSON.stringify(json);
    }
    if (fault?.kind === "late") {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, fault.ms);
        timers.add(timer);
      });
    }
    response.statusCode = answer.status;
    response.setHeader("content-type", "application/json");
    if (fault?.kind === "truncated") {
      response.setHeader("content-length", Buffer.byteLength(text));
      response.write(text.slice(0, Math.floor(text.length / 2)), () => response.destroy());
      return;
    }
    response.end(text);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inject: (fault) => {
      decide = fault;
    },
    met,
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function describe(request: IncomingMessage, body: string): L1Request {
  if (request.method !== "POST") return { method: `GET ${request.url ?? ""}`, params: [] };
  const { method, params } = JSON.parse(body) as { method: string; params?: unknown[] };
  return { method, params: params ?? [] };
}

function idOf(body: string): unknown {
  return (JSON.parse(body) as { id?: unknown }).id ?? null;
}

async function flood(response: ServerResponse, bytes: number): Promise<void> {
  response.setHeader("content-type", "application/json");
  response.write('{"jsonrpc":"2.0","id":1,"result":"');
  const chunk = "a".repeat(64 * 1024);
  for (let sent = 0; sent < bytes && !response.destroyed; sent += chunk.length) {
    if (!response.write(chunk)) {
      await once(response, "drain", { signal: AbortSignal.timeout(10_000) }).catch(() => response.destroy());
    }
  }
  response.end('"}');
}
