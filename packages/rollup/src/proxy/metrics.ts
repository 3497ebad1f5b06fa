import { Registry } from "prom-client";
import type { MetricDefinition } from "../metrics/definitions.ts";
import { MetricSet } from "../metrics/registry.ts";
import { type MetricsServer, startMetricsServer } from "../metrics/server.ts";
import type { FinalHead, TripCode } from "./final-head.ts";
import type { Slots } from "./slots.ts";

const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const TRIP_CODES: readonly TripCode[] = [
  "CERTIFICATE_VOID",
  "CERTIFIED_BLOCK_REPLACED",
  "CERTIFICATES_CONTRADICT",
  "BLOCK_HELD_BACK",
];

/** Every metric of a finality proxy. Labels have few values, all known beforehand. */
export const PROXY_METRICS = {
  certifiedNumber: {
    kind: "gauge",
    name: "altlayer_proxy_certified_block_number",
    help: "The newest block whose certificate was verified here; absent before the first",
  },
  certifiedTime: {
    kind: "gauge",
    name: "altlayer_proxy_certified_timestamp_seconds",
    help: "That block's timestamp, Unix time",
  },
  tripped: {
    kind: "gauge",
    name: "altlayer_proxy_tripped",
    help: "1 while the breaker is open, by reason: nothing is answered then",
    labels: ["reason"],
  },
  trips: {
    kind: "counter",
    name: "altlayer_proxy_trips_total",
    help: "Times that the breaker opened",
    labels: ["reason"],
  },
  heldBack: {
    kind: "gauge",
    name: "altlayer_proxy_held_back",
    help: "1 while alerts of more than a third of the weight hold a block back",
  },
  certificates: {
    kind: "counter",
    name: "altlayer_proxy_certificates_total",
    help: "Certificates that were checked: verified, or the code of what is wrong with it",
    labels: ["outcome"],
  },
  checkDuration: {
    kind: "histogram",
    name: "altlayer_proxy_certificate_check_duration_seconds",
    help: "One check of a certificate, with the L1's answers for it",
    buckets: DURATION_BUCKETS,
  },
  rpcDuration: {
    kind: "histogram",
    name: "altlayer_proxy_request_duration_seconds",
    help: "JSON-RPC requests of clients, by class of method and outcome",
    labels: ["class", "outcome"],
    buckets: DURATION_BUCKETS,
  },
  upstreamRequests: {
    kind: "counter",
    name: "altlayer_proxy_upstream_requests_total",
    help: "Requests sent to the chain's own RPC",
  },
  upstreamErrors: {
    kind: "counter",
    name: "altlayer_proxy_upstream_errors_total",
    help: "Requests to the chain's own RPC that failed, by code",
    labels: ["code"],
  },
  upstreamWaiting: {
    kind: "gauge",
    name: "altlayer_proxy_upstream_waiting",
    help: "Clients' requests that wait for one of the places at the chain's own RPC",
  },
  filters: { kind: "gauge", name: "altlayer_proxy_filters", help: "Installed filters" },
  subscriptions: { kind: "gauge", name: "altlayer_proxy_subscriptions", help: "Open WebSocket subscriptions" },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export class ProxyMetrics extends MetricSet<typeof PROXY_METRICS> {
  constructor() {
    super(PROXY_METRICS);
  }
}

/** What is read when somebody asks. */
export interface ObservedProxy {
  readonly head: FinalHead;
  readonly slots: Slots;
  readonly rpc: { readonly counts: { readonly requests: number; readonly errors: ReadonlyMap<string, number> } };
  readonly filters: { readonly size: number };
  readonly subscriptions: { readonly size: number };
}

/**
 * Serves the proxy's metrics and, at `/readyz`, whether it answers for the chain: a load balancer takes it out while
 * the breaker is open or nothing is certified. `/healthz` is about the process alone.
 */
export function startProxyMetrics(
  options: { readonly host: string; readonly port: number },
  dependencies: { readonly own: ProxyMetrics; readonly proxy: ObservedProxy; readonly process: Registry | null },
): Promise<MetricsServer> {
  const { own, proxy } = dependencies;
  return startMetricsServer(options, {
    metrics: async () => {
      collect(own, proxy);
      const texts = [own.registry.metrics(), ...(dependencies.process ? [dependencies.process.metrics()] : [])];
      return { text: (await Promise.all(texts)).join("\n"), contentType: Registry.PROMETHEUS_CONTENT_TYPE };
    },
    liveness: () => [],
    readiness: async () => {
      const { certified, tripped, problem } = proxy.head.status();
      return [
        {
          name: "certificate",
          reason: certified === null ? `nothing is certified yet: ${problem ?? "waiting"}` : null,
        },
        { name: "breaker", reason: tripped === null ? null : `open: ${tripped.code}` },
      ];
    },
  });
}

function collect(own: ProxyMetrics, { head, slots, rpc, filters, subscriptions }: ObservedProxy): void {
  const { metrics } = own;
  const { certified, certifiedTimestamp, tripped, heldBack } = head.status();
  // Without labels a gauge begins with zero, which would read as a block.
  if (certified === null) metrics.certifiedNumber.remove();
  else metrics.certifiedNumber.set(certified.number);
  if (certifiedTimestamp === null) metrics.certifiedTime.remove();
  else metrics.certifiedTime.set(certifiedTimestamp);
  for (const reason of TRIP_CODES) {
    metrics.tripped.set({ reason }, tripped?.code === reason ? 1 : 0);
    own.countTo("trips", head.trips.get(reason) ?? 0, { reason });
  }
  metrics.heldBack.set(heldBack === null ? 0 : 1);
  own.countTo("upstreamRequests", rpc.counts.requests);
  for (const [code, total] of rpc.counts.errors) own.countTo("upstreamErrors", total, { code });
  metrics.upstreamWaiting.set(slots.waiting);
  metrics.filters.set(filters.size);
  metrics.subscriptions.set(subscriptions.size);
}
