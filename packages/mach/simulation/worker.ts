// A thread of the simulation: runs the seeds that it is given, and says what they reached.
import { parentPort } from "node:worker_threads";
import { fastHash, simulate } from "../src/index.ts";

export interface Chunk {
  readonly from: number;
  readonly count: number;
}

export interface ChunkReport {
  readonly count: number;
  readonly counters: ReadonlyMap<string, number>;
  readonly failed: readonly { readonly seed: number; readonly violations: readonly string[] }[];
}

parentPort?.on("message", ({ from, count }: Chunk) => {
  const counters = new Map<string, number>();
  const failed: ChunkReport["failed"][number][] = [];
  for (let seed = from; seed < from + count; seed++) {
    const report = simulate(seed, { keccak256: fastHash });
    for (const [name, times] of report.counters) counters.set(name, (counters.get(name) ?? 0) + times);
    if (report.violations.length > 0) failed.push({ seed, violations: report.violations });
  }
  const report: ChunkReport = { count, counters, failed };
  parentPort?.postMessage(report);
});
