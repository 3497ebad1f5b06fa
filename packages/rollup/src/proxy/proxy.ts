import { isSdkError, type L1Trust, type ServicePin, type VerifiedCertificate, verifyCertificate } from "@altlayer/sdk";
import type { Registry } from "prom-client";
import { createClient, http } from "viem";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import { JSON_RPC_DEFAULTS, JsonRpcClient } from "../l1/rpc-client.ts";
import type { Logger } from "../log.ts";
import { requestObserver } from "../metrics/request-classes.ts";
import type { MetricsServer } from "../metrics/server.ts";
import { methodNotFound } from "../rpc/errors.ts";
import { JsonRpcHandler } from "../rpc/json-rpc/handler.ts";
import { type CallContext, json, type RpcMethod } from "../rpc/json-rpc/method.ts";
import { defaultLimits, defaultListen, type ListenOptions, type RpcLimits } from "../rpc/options.ts";
import { type Listener, listen } from "../rpc/transport/listener.ts";
import { Answers } from "./answers.ts";
import { proxyError } from "./errors.ts";
import { Filters } from "./filters.ts";
import { FinalHead, type FinalHeadStatus } from "./final-head.ts";
import { Logs } from "./logs.ts";
import { PINNING } from "./method-table.ts";
import { ProxyMetrics, startProxyMetrics } from "./metrics.ts";
import { type CertifiedTag, Pin, quantityOf } from "./pin.ts";
import { Slots } from "./slots.ts";
import { ProxySubscriptions } from "./subscriptions.ts";
import { Upstream } from "./upstream.ts";

export interface ProxyOptions {
  /** JSON-RPC of the chain, with `mach_*`. */
  readonly upstream: string;
  /** JSON-RPC of the L1. With several, `agreeing` of them must name the same block. */
  readonly l1: readonly [string, ...string[]];
  readonly agreeing?: number;
  readonly service: ServicePin;
  /** Tags that mean "certified"; `["latest"]` unless given. */
  readonly certified?: readonly CertifiedTag[];
  /** Between two looks for a newer certificate; 250 ms unless given. */
  readonly pollMs?: number;
  readonly listen?: Partial<ListenOptions>;
  readonly limits?: Partial<RpcLimits>;
  /** Requests of clients to `upstream` at a time, and that wait for it; 128 and 8,192 unless given. */
  readonly upstreamLimits?: { readonly running: number; readonly waiting: number };
  /** Where metrics, health and readiness are served; nowhere unless given. */
  readonly metrics?: { readonly host?: string; readonly port: number };
}

export interface FinalityProxy {
  readonly httpUrl: string;
  readonly wsUrl: string;
  readonly metricsUrl: string | null;
  status(): FinalHeadStatus;
  close(): Promise<void>;
}

const DEFAULT_POLL_MS = 250;
const L1_TIMEOUT_MS = 10_000;
const UPSTREAM_LIMITS = { running: 128, waiting: 8_192 };

/**
 * Puts MACH in front of a chain's JSON-RPC: configured tags mean the newest block whose certificate was verified here
 * against the L1. What is computed upstream (`eth_call`, logs, balances) is not proven; docs/finality.md says more.
 */
export async function startProxy(
  options: ProxyOptions,
  dependencies: {
    readonly clock: Clock;
    readonly log: Logger;
    /** What the program measures of itself, served beside the proxy's own metrics. */
    readonly processMetrics?: Registry;
  },
): Promise<FinalityProxy> {
  const { clock, log } = dependencies;
  const limits = { ...defaultLimits, ...options.limits };
  const certified = options.certified ?? ["latest"];
  // No answer is larger than one that may be passed on.
  const rpcOptions = { url: options.upstream, attempts: 2, maxResponseBytes: limits.responseBytes };
  const rpc = new JsonRpcClient({ ...JSON_RPC_DEFAULTS, ...rpcOptions }, { clock, log });
  const slots = new Slots(options.upstreamLimits ?? UPSTREAM_LIMITS);
  const upstream = new Upstream({ rpc, slots });
  const own = new ProxyMetrics();
  // Clients that crowd the upstream must not keep the breaker from looking.
  const head = new FinalHead(
    { pollMs: options.pollMs ?? DEFAULT_POLL_MS },
    { upstream: new Upstream({ rpc }), verify: measured(verifierOf(options, clock), own), clock, log },
  );
  const logs = new Logs(limits, { upstream });
  const filters = new Filters({ limits }, { head, logs, clock });
  const subscriptions = new ProxySubscriptions({ limits }, { head, upstream, logs, log });
  const methods = createMethods({ certified }, { head, upstream, logs, filters, subscriptions });
  const handler = new JsonRpcHandler(
    { limits },
    {
      methods,
      observe: requestObserver(own.metrics.rpcDuration),
      onInternalError: ({ method, error }) => log.error("proxy failed", { method, error: describeError(error) }),
    },
  );
  let listener: Listener | undefined;
  let monitoring: MetricsServer | null = null;
  try {
    listener = await listen({ listen: { ...defaultListen, ...options.listen }, limits }, { handler });
    if (options.metrics !== undefined) {
      const { host = defaultListen.host, port } = options.metrics;
      const proxy = { head, slots, rpc, filters, subscriptions };
      monitoring = await startProxyMetrics(
        { host, port },
        { own, proxy, process: dependencies.processMetrics ?? null },
      );
    }
  } catch (error) {
    await listener?.close();
    rpc.close();
    throw error;
  }
  const opened = listener;
  const { httpUrl, wsUrl } = opened;
  head.start();
  return {
    httpUrl,
    wsUrl,
    metricsUrl: monitoring?.url ?? null,
    status: () => head.status(),
    close: async () => {
      await monitoring?.close();
      await opened.close();
      subscriptions.close();
      filters.close();
      rpc.close();
      await head.close();
    },
  };
}

function verifierOf({ l1, agreeing, service }: ProxyOptions, clock: Clock) {
  const [l1Client, ...clients] = l1.map((url) => createClient({ transport: http(url, { timeout: L1_TIMEOUT_MS }) }));
  const trusted: L1Trust =
    clients.length === 0 ? { kind: "rpc" } : { kind: "quorum", clients, agreeing: agreeing ?? l1.length };
  return (certificate: Parameters<typeof verifyCertificate>[0]["certificate"]): Promise<VerifiedCertificate> =>
    verifyCertificate({
      certificate,
      l1Client: l1Client as NonNullable<typeof l1Client>,
      trust: { service, l1: trusted },
      now: clock.nowMs(),
    });
}

type Verify = ReturnType<typeof verifierOf>;

function measured(verify: Verify, { metrics }: ProxyMetrics): Verify {
  return async (certificate) => {
    const stop = metrics.checkDuration.startTimer();
    try {
      const verified = await verify(certificate);
      metrics.certificates.inc({ outcome: "verified" });
      return verified;
    } catch (error) {
      metrics.certificates.inc({ outcome: isSdkError(error) ? error.code : "L1_UNREACHABLE" });
      throw error;
    } finally {
      stop();
    }
  };
}

interface Parts {
  readonly head: FinalHead;
  readonly upstream: Upstream;
  readonly logs: Logs;
  readonly filters: Filters;
  readonly subscriptions: ProxySubscriptions;
}

/** Every method of the table, and a refusal for every other. */
function createMethods(options: { readonly certified: readonly CertifiedTag[] }, parts: Parts): Methods {
  const { head, upstream, logs, filters, subscriptions } = parts;
  const answers = new Answers({ upstream });
  const pins = new WeakMap<CallContext, Pin>();
  // All requests of one body have one context: a batch has one pin.
  const pinOf = (context: CallContext): Pin => {
    const pin = pins.get(context) ?? new Pin(options, { head, upstream });
    pins.set(context, pin);
    return pin;
  };
  const methods = new Map<string, RpcMethod>();
  const define = (name: string, run: (params: readonly unknown[], pin: Pin, context: CallContext) => unknown) =>
    methods.set(name, {
      name,
      invoke: async (params, context) => json(await run(listOf(params), pinOf(context), context)),
    });
  for (const [method, pinning] of Object.entries(PINNING)) {
    define(method, (params, pin) => answers.answer({ method, params }, pinning, pin));
  }
  define("eth_blockNumber", async (_params, pin) => quantityOf((await pin.resolve("latest")).number));
  define("eth_getLogs", ([criteria], pin) => logs.query(logs.parse(criteria), pin));
  define("eth_newFilter", ([criteria], pin) => filters.install(logs.parse(criteria), pin));
  define("eth_newBlockFilter", (_params, pin) => filters.install(null, pin));
  define("eth_uninstallFilter", ([id]) => filters.uninstall(id));
  define("eth_getFilterChanges", ([id], pin) => filters.changes(id, pin));
  define("eth_getFilterLogs", ([id], pin) => filters.all(id, pin));
  define("eth_subscribe", (params, _pin, { notifier }) => subscriptions.subscribe(params, notifier));
  define("eth_unsubscribe", ([id], _pin, { notifier }) => subscriptions.unsubscribe(id, notifier));
  define("mach_proxyStatus", () => ({ ...head.status(), tags: options.certified }));
  return new Methods(methods);
}

/** Named parameters are no part of Ethereum's RPC. */
function listOf(params: unknown): readonly unknown[] {
  if (params === undefined || params === null) return [];
  if (Array.isArray(params)) return params;
  throw methodNotFound("with named parameters");
}

/** Answers for methods that are not in the table too, so that a client learns why. */
class Methods extends Map<string, RpcMethod> {
  override get(name: string): RpcMethod {
    return super.get(name) ?? { name: "unknown", invoke: () => Promise.reject(notPinned(name)) };
  }
}

function notPinned(name: string): Error {
  const method: string = name.slice(0, 100);
  return proxyError("METHOD_NOT_PINNED", `the method ${method} is not offered: its block cannot be pinned`, { method });
}
