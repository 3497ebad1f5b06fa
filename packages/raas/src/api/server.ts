import { createHash } from "node:crypto";
import { isIP } from "node:net";
import type { Logger } from "@altlayer/rollup";
import cookie from "@fastify/cookie";
import rateLimit from "@fastify/rate-limit";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import fastify from "fastify";
import { z } from "zod";
import { problemOf, RaasError } from "../errors.ts";
import { hashOf } from "../ids.ts";
import { SPEC_MAX_BYTES } from "../spec/parse.ts";
import { authenticate, requireRole } from "./authenticate.ts";
import { openApiOf, statusOf } from "./openapi.ts";
import type { Actor, Route } from "./route.ts";
import { alarmRoutes } from "./routes/alarms.ts";
import { attachRoutes } from "./routes/attach.ts";
import { contractRoutes } from "./routes/contracts.ts";
import { explorerRoutes } from "./routes/explorer.ts";
import { keyRoutes } from "./routes/keys.ts";
import { metaRoutes } from "./routes/meta.ts";
import { moneyRoutes } from "./routes/money.ts";
import { operationRoutes } from "./routes/operation.ts";
import { recoveryRoutes } from "./routes/recovery.ts";
import { rollupRoutes } from "./routes/rollups.ts";
import { sessionRoutes } from "./routes/session.ts";
import { teamRoutes } from "./routes/teams.ts";
import type { Services } from "./services.ts";
import { isPage, serveStaticFiles } from "./static-files.ts";

export const API_BASE = "/api/v1";

export const ROUTES: readonly Route[] = [
  ...metaRoutes,
  ...sessionRoutes,
  ...teamRoutes,
  ...rollupRoutes,
  ...operationRoutes,
  ...recoveryRoutes,
  ...keyRoutes,
  ...explorerRoutes,
  ...alarmRoutes,
  ...contractRoutes,
  ...moneyRoutes,
  ...attachRoutes,
];

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

export interface ApiServerOptions {
  readonly host: string;
  readonly port: number;
  /** Host headers that are answered besides this machine's own names: the public name behind a proxy. */
  readonly hosts?: readonly string[];
  /** The console's build. */
  readonly consoleDir?: string;
  /** The documentation's, served below /docs/. */
  readonly docsDir?: string;
  /** Of each client's address. */
  readonly requestsPerMinute: number;
  /** Addresses and ranges (CIDR) of proxies that tell the client's address in `X-Forwarded-For`. */
  readonly trustedProxies?: readonly string[];
}

/** What the API says of itself: OpenAPI 3.1. */
export const openApiDocument = (version = "0"): unknown => openApiOf(ROUTES, { version, base: API_BASE });

/** Builds the server; the caller listens and closes. */
export async function createApiServer(
  options: ApiServerOptions,
  { services, log }: { readonly services: Services; readonly log: Logger },
): Promise<FastifyInstance> {
  const { trustedProxies = [] } = options;
  const app = fastify({
    // From the right, and only past those: what a client wrote in there itself stands further left.
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit: SPEC_MAX_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100 },
  });
  // One body format: a form or a text, which a foreign page may send unasked, is refused.
  app.removeContentTypeParser("text/plain");
  app.addHook("onRequest", async (request, reply) => {
    requireHost(request, options);
    reply.headers({
      "content-security-policy": CSP,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    if (request.url.startsWith(API_BASE)) reply.header("cache-control", "no-store");
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, log));
  await app.register(cookie);
  await app.register(rateLimit, {
    max: options.requestsPerMinute,
    timeWindow: 60_000,
    cache: 10_000,
    keyGenerator: clientAddress,
    errorResponseBuilder: (_, { after }) => new RaasError("RATE_LIMITED", `too many requests: wait ${after}`),
  });
  for (const route of ROUTES) addRoute(app, route, services);
  // Made when it is asked for: it takes as long as the rest of the server.
  let document: unknown;
  app.get(`${API_BASE}/openapi.json`, async () => {
    document ??= openApiDocument(services.version);
    return document;
  });
  await serveStaticFiles(app, options);
  app.setNotFoundHandler(async (request, reply) => {
    if (options.consoleDir !== undefined && isPage(request.method, request.url)) {
      return await reply.sendFile("index.html");
    }
    throw new RaasError("NOT_FOUND", `there is nothing at ${request.method} ${request.url.split("?")[0]}`);
  });
  return app;
}

/** A trusted proxy that passes on what is no address does not make that an address: then it is the proxy's own. */
function clientAddress({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? "") : ip;
}

/** A name that somebody points at this machine must not make a browser talk to us (DNS rebinding). */
function requireHost(request: FastifyRequest, { hosts = [] }: ApiServerOptions): void {
  const host = request.headers.host ?? "";
  const name = host.replace(/:\d+$/, "");
  if (["localhost", "127.0.0.1", "[::1]"].includes(name) || hosts.includes(host)) return;
  throw new RaasError("HOST_REJECTED", "this host name is not served here");
}

function addRoute(app: FastifyInstance, route: Route, services: Services): void {
  app.route({
    method: route.method,
    url: `${API_BASE}${route.path}`,
    ...(route.perMinute === undefined ? {} : { config: { rateLimit: { max: route.perMinute, timeWindow: 60_000 } } }),
    handler: async (request, reply) => await answer(route, services, request, reply),
  });
}

async function answer(
  route: Route,
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  if (route.access === "public") requireOwnOrigin(request, services);
  const actor = route.access === "public" ? null : await authenticate(request, services);
  const params = parse(route.params, request.params, "path") as { readonly team?: string; readonly rollup?: string };
  const inTeam = actor !== null && route.access !== "session" && params.team !== undefined;
  const role = inTeam ? await requireRole(route, actor, params.team, services) : null;
  const rollup =
    inTeam && params.rollup !== undefined ? await services.rollups.getOfTeam(params.team, params.rollup) : null;
  if (route.managedOnly && rollup?.kind === "attached") {
    throw new RaasError("CONFLICT", `others run ${rollup.name}: this is for rollups that run here`);
  }
  const query = parse(route.query, request.query, "query");
  const body = parse(route.body, request.body, "body");
  const recheck = async () => {
    const still = await authenticate(request, services);
    return inTeam ? await requireRole(route, still, params.team!, services) : null;
  };
  const context = { params, query, body, services, actor, role, rollup, recheck, request, reply };
  const run = async () => {
    // Routes say by their access which of actor, role and rollup they have.
    const result = await route.handle(context as never);
    if (actor !== null && params.team !== undefined) await audit(route, services, request, { actor, params, body });
    return result;
  };
  const key = request.headers["idempotency-key"];
  const replayable =
    typeof key === "string" && route.method === "POST" && !route.secret && !route.readOnly && actor !== null;
  reply.code(statusOf(route));
  if (!replayable) return await run();
  return await once({ key, actor, route }, { request, reply, services }, run);
}

/** A browser that signs somebody in must do so from our own page: nobody is signed in to a stranger's account. */
function requireOwnOrigin(request: FastifyRequest, services: Services): void {
  const { origin } = request.headers;
  if (request.method === "GET" || origin === undefined) return;
  const own = [services.origin(), `http://${request.headers.host}`, `https://${request.headers.host}`];
  if (!own.includes(origin)) throw new RaasError("CSRF_REJECTED", "another page may not ask this");
}

const nothing = z.unknown();

function parse(schema: z.ZodType | undefined, value: unknown, place: string): unknown {
  const result = (schema ?? nothing).safeParse(value);
  if (result.success) return result.data;
  const spec = place === "body" && result.error.issues.every(({ path }) => path[0] === "spec");
  const problems = result.error.issues.map(({ path, message }) => ({
    path: (spec ? path.slice(1) : path).join("."),
    message,
  }));
  const lines = problems.map(({ path, message }) => `${path || place}: ${message}`).join("; ");
  throw new RaasError(spec ? "SPEC_INVALID" : "BAD_REQUEST", `the ${spec ? "spec" : place} is not valid: ${lines}`, {
    details: { problems },
  });
}

async function audit(
  route: Route,
  { records }: Services,
  request: FastifyRequest,
  {
    actor,
    params,
    body,
  }: { readonly actor: Actor; readonly params: Readonly<Record<string, string>>; readonly body: unknown },
): Promise<void> {
  if (route.method === "GET" || route.readOnly) return;
  const { team, ...places } = params;
  // The first is what was acted on; the others (a key's role, a contract's address) say on what of it.
  const [target, ...within] = Object.entries(places);
  await records.audit(team!, {
    actor: { id: actor.id, name: actor.name },
    action: route.name,
    target: target?.[1] ?? null,
    details: { ...Object.fromEntries(within), ...redacted(body) },
    ip: clientAddress(request),
  });
}

/**
 * Specs are kept as revisions, sources with what they verified, a genesis with the chain, and passwords nowhere. Of URLs
 * only the host is told: their paths carry the keys of RPC providers and the secrets of webhooks.
 */
function redacted(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== "object" || body === null) return {};
  const {
    spec: _spec,
    password: _password,
    token: _token,
    source: _source,
    genesis: _genesis,
    standardJson: _json,
    ...rest
  } = body as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, URL_NAME.test(name) ? hostOf(value) : value]),
  );
}

const URL_NAME = /url$/i;
const hostOf = (value: unknown): string | null =>
  typeof value === "string" && URL.canParse(value) ? new URL(value).host : null;

/** Does what was asked once, however often it is asked with this key. */
async function once(
  { key, actor, route }: { readonly key: string; readonly actor: Actor; readonly route: Route },
  {
    request,
    reply,
    services,
  }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly services: Services },
  run: () => Promise<unknown>,
): Promise<unknown> {
  if (!/^[\x21-\x7e]{1,64}$/.test(key))
    throw new RaasError("BAD_REQUEST", "an idempotency-key has 1 to 64 visible characters");
  const { records } = services;
  const id = hashOf(JSON.stringify([actor.id, route.name, request.url, key]));
  const requestHash = createHash("sha256")
    .update(JSON.stringify(request.body ?? null))
    .digest("hex");
  const stored = await records.begin(id, requestHash);
  if (stored.kind === "other-request") {
    throw new RaasError("IDEMPOTENCY_CONFLICT", "this idempotency-key was used for another request");
  }
  if (stored.kind === "under-way")
    throw new RaasError("CONFLICT", "the first request with this idempotency-key is still under way");
  if (stored.kind === "replay") {
    reply.code(stored.status).header("idempotency-replayed", "true").type("application/json");
    return stored.response;
  }
  try {
    const result = await run();
    const response = JSON.stringify(result ?? null);
    await records.finish(id, { status: statusOf(route), response });
    return result;
  } catch (error) {
    await records.abandon(id);
    throw error;
  }
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  const known = asRaasError(error);
  if (known.code === "INTERNAL") {
    log.error("request failed", {
      method: request.method,
      route: request.routeOptions.url ?? "",
      error: problemOf(error).message,
    });
  }
  const { code, number, status, message, details } = known;
  return reply.code(status).send({ error: { code, number, message, details, requestId: request.id } });
}

function asRaasError(error: unknown): RaasError {
  if (error instanceof RaasError) return error;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  if (code === "INVALID_PARAMETERS") return new RaasError("SPEC_INVALID", message ?? "", { cause: error });
  if (statusCode === 413) return new RaasError("TOO_LARGE", `a request has at most ${SPEC_MAX_BYTES} bytes`);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new RaasError("BAD_REQUEST", message ?? "");
  // What went wrong inside is for the log.
  return new RaasError("INTERNAL", "something failed here: the log has more under this request's id", { cause: error });
}
