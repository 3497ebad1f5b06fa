import type { Registry } from "prom-client";
import type { NodeConfig } from "../config/node-config.ts";
import type { Logger } from "../log.ts";
import type { ObservedNode } from "../metrics/parts.ts";
import type { NodeMetrics } from "../metrics/registry.ts";
import { BalanceWatcher } from "../metrics/runway.ts";
import type { MetricsServer } from "../metrics/server.ts";
import { startMetricsService } from "../metrics/service.ts";

/** Balances, metrics, health and readiness of a node whose parts stand. */
export async function startMonitoring(
  options: {
    readonly metrics: NonNullable<NodeConfig["metrics"]>;
    readonly clientVersion: string;
    /** How far the head may stay behind by intent. */
    readonly idleMs: number;
  },
  dependencies: {
    readonly own: NodeMetrics;
    readonly process: Registry | null;
    readonly node: Omit<ObservedNode, "balances">;
    readonly log: Logger;
  },
): Promise<MetricsServer> {
  const { own, process, node, log } = dependencies;
  const { balancePollMs, ...settings } = options.metrics;
  const accounts = new Map([...node.transactions].map(([role, { address }]) => [role, address] as const));
  const balances = new BalanceWatcher(
    { accounts, intervalMs: balancePollMs },
    { rpc: node.l1, clock: node.clock, log: log.child("metrics") },
  );
  balances.start();
  const server = await startMetricsService(
    { ...settings, clientVersion: options.clientVersion, idleMs: options.idleMs },
    { own, process, node: { ...node, balances } },
  );
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await balances.close();
    },
  };
}
