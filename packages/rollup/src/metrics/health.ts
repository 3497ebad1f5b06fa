import { statfs } from "node:fs/promises";
import type { ObservedNode } from "./parts.ts";

export interface ReadinessLimits {
  readonly safeHeadSeconds: number;
  readonly l1HeadSeconds: number;
  readonly diskFreeBytes: number;
}

/** One thing that was looked at: a null reason means that all is well. */
export interface HealthCheck {
  readonly name: "engine" | "derivation" | "snapshot" | "l1" | "l1-head" | "unsafe-head" | "safe-head" | "disk";
  readonly reason: string | null;
}

/** A sequencer whose head is older than so many block times builds no blocks. */
const STALLED_BLOCKS = 10;
const STALLED_MIN_SECONDS = 10;

/**
 * Whether the process does any good: a supervisor restarts it when not. What only needs time or the outside world (the
 * L1, the disk) is no reason to restart: see `readiness`.
 */
export function liveness(node: Pick<ObservedNode, "driver">, engineFailed: boolean): readonly HealthCheck[] {
  const stopped = node.driver?.status.phase === "stopped";
  return [
    { name: "engine", reason: engineFailed ? "the engine has taken itself out of service: see the log" : null },
    { name: "derivation", reason: stopped ? "derivation stopped after a critical error: see the log" : null },
  ];
}

/** Whether traffic should be sent here: caught up with the L1, and able to go on. */
export async function readiness(
  node: ObservedNode,
  options: { readonly limits: ReadinessLimits; readonly engineFailed: boolean; readonly idleMs: number },
): Promise<readonly HealthCheck[]> {
  const { watcher, l1, driver, sequencer, engine, clock, rollup } = node;
  const { limits } = options;
  const ageOf = (timestamp: number) => Math.round(clock.nowMs() / 1000 - timestamp);
  const { unsafe, safe } = engine.heads();
  const stalledSeconds = Math.max(STALLED_MIN_SECONDS, STALLED_BLOCKS * rollup.blockTime) + options.idleMs / 1_000;
  const older = (what: string, age: number, limit: number) =>
    age > limit ? `${what} is ${age} s old, more than ${limit} s` : null;
  const { bavail, bsize } = await statfs(node.dataDir);
  const [live, derivation] = liveness(node, options.engineFailed);
  const starting = driver?.status.phase === "starting" ? "derivation has not found its start yet" : null;
  return [
    { name: "engine", reason: live?.reason ?? null },
    { name: "derivation", reason: derivation?.reason ?? starting },
    {
      name: "snapshot",
      reason: node.snapshot?.confirmedBy === null ? "the L1 has not confirmed the snapshot's block yet" : null,
    },
    { name: "l1", reason: l1.reachable ? null : "the L1 did not answer the last time" },
    {
      name: "l1-head",
      reason: watcher.heads
        ? older("the L1's latest block", ageOf(watcher.heads.latest.timestamp), limits.l1HeadSeconds)
        : null,
    },
    {
      name: "unsafe-head",
      reason: sequencer?.active ? older("the unsafe head", ageOf(unsafe.timestamp), stalledSeconds) : null,
    },
    {
      name: "safe-head",
      reason: driver ? older("the safe head", ageOf(safe.timestamp), limits.safeHeadSeconds) : null,
    },
    {
      name: "disk",
      reason:
        bavail * bsize < limits.diskFreeBytes
          ? `${bavail * bsize} bytes are free for the data directory, fewer than ${limits.diskFreeBytes}`
          : null,
    },
  ];
}
