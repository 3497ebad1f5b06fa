import { Registry } from "prom-client";
import { collect } from "./collect.ts";
import { liveness, type ReadinessLimits, readiness } from "./health.ts";
import type { ObservedNode } from "./parts.ts";
import type { NodeMetrics } from "./registry.ts";
import { type MetricsServer, startMetricsServer } from "./server.ts";

export interface MetricsServiceOptions {
  readonly host: string;
  readonly port: number;
  readonly readiness: ReadinessLimits;
  readonly clientVersion: string;
  /** How far a sequencer's head may stay behind by intent. */
  readonly idleMs: number;
}

/** Serves one node's metrics, and those of the process if the program has any, with health and readiness. */
export async function startMetricsService(
  options: MetricsServiceOptions,
  dependencies: { readonly own: NodeMetrics; readonly node: ObservedNode; readonly process: Registry | null },
): Promise<MetricsServer> {
  const { own, node } = dependencies;
  let engineFailed = false;
  const stopListening = node.engine.onEvent((event) => {
    if (event.kind === "fatal") engineFailed = true;
  });
  own.metrics.engineFailed.set(0);
  own.metrics.nodeInfo.set(
    {
      version: options.clientVersion,
      chain_id: String(node.rollup.l2ChainId),
      role: node.sequencer ? "sequencer" : "follower",
    },
    1,
  );
  const server = await startMetricsServer(options, {
    metrics: async () => {
      await collect(own, node);
      const texts = [own.registry.metrics(), ...(dependencies.process ? [dependencies.process.metrics()] : [])];
      return { text: (await Promise.all(texts)).join("\n"), contentType: Registry.PROMETHEUS_CONTENT_TYPE };
    },
    liveness: () => liveness(node, engineFailed),
    readiness: () => readiness(node, { limits: options.readiness, engineFailed, idleMs: options.idleMs }),
  });
  return {
    url: server.url,
    close: async () => {
      stopListening();
      await server.close();
    },
  };
}
