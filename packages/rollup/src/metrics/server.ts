import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One thing that was looked at: a null reason means that all is well. */
export interface Check {
  readonly name: string;
  readonly reason: string | null;
}

export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface MetricsSource {
  /** The exposition text of all metrics, and its content type. */
  metrics(): Promise<{ readonly text: string; readonly contentType: string }>;
  liveness(): readonly Check[];
  readiness(): Promise<readonly Check[]>;
}

const MAX_CONNECTIONS = 64;
const TIMEOUT_MS = 10_000;

/** Serves monitoring on a port of its own, which need not be as public as the JSON-RPC port. */
export async function startMetricsServer(
  options: { readonly host: string; readonly port: number },
  source: MetricsSource,
): Promise<MetricsServer> {
  const routes: Record<string, (response: ServerResponse) => Promise<void>> = {
    "/metrics": async (response) => {
      const { text, contentType } = await source.metrics();
      response.writeHead(200, { "content-type": contentType }).end(text);
    },
    "/healthz": async (response) => sendChecks(response, source.liveness()),
    "/readyz": async (response) => sendChecks(response, await source.readiness()),
  };
  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (request, response) => {
    const route = routes[(request.url ?? "").split("?")[0] ?? ""];
    if (request.method !== "GET" || !route) {
      const status = route ? 405 : 404;
      response.writeHead(status, { "content-type": "text/plain" }).end("GET /metrics, /healthz or /readyz\n");
      return;
    }
    route(response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const shown = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${shown}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendChecks(response: ServerResponse, checks: readonly Check[]): void {
  const failing = checks.filter(({ reason }) => reason !== null);
  const body = {
    ok: failing.length === 0,
    reasons: failing.map(({ name, reason }) => ({ check: name, reason })),
    checks: checks.map(({ name }) => name),
  };
  response
    .writeHead(body.ok ? 200 : 503, { "content-type": "application/json", "cache-control": "no-store" })
    .end(`${JSON.stringify(body)}\n`);
}
