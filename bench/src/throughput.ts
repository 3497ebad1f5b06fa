import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchError } from "./errors.ts";
import { type SendReport, send } from "./loader.ts";
import type { Peer } from "./peers/peer.ts";
import { cpuMsOf, peakMib, threadCpuMsOf } from "./process-usage.ts";
import { call, hexNumber } from "./rpc.ts";

export interface ThroughputOptions {
  readonly path: string;
  readonly connections: number;
  readonly batch: number;
  readonly first?: number;
  readonly count: number;
}

export interface Throughput {
  readonly included: number;
  readonly rejected: number;
  readonly errors: SendReport["errors"];
  /** From the first request to the sight of the block with the last transaction. */
  readonly elapsedMs: number;
  readonly includedPerSecond: number;
  readonly acceptedPerSecond: number;
  readonly nodeCpuUs: number;
  readonly loaderCpuUs: number;
  /** CPU of the node by kind of thread, in microseconds a transaction. */
  readonly threads: Readonly<Record<string, number>>;
  readonly peakMib: number;
  readonly requestMs: SendReport["latency"];
}

const POLL_MS = 100;
/** A chain that includes nothing for so long has lost transactions or stopped. */
const STALLED_MS = 30_000;

/** Sends a load and waits until blocks hold all that was accepted. What counts is what stands in blocks. */
export async function measureThroughput(peer: Peer, options: ThroughputOptions): Promise<Throughput> {
  const { count } = options;
  let block = Number(await call<string>(peer.url, "eth_blockNumber"));
  const cpuBefore = cpuMsOf(peer.pid);
  const threadsBefore = threadCpuMsOf(peer.pid, readdirSync);
  let report: SendReport | undefined;
  const sent = send({ ...options, url: peer.url }).then((done) => {
    report = done;
  });
  let included = 0;
  let lastIncludedAtMs = Date.now();
  while (report === undefined || included < (report as SendReport).accepted) {
    await Promise.race([sleep(POLL_MS), sent.then(() => sleep(1))]);
    const head = Number(await call<string>(peer.url, "eth_blockNumber"));
    const seenAtMs = Date.now();
    while (block < head) {
      block++;
      const held = await call<string>(peer.url, "eth_getBlockTransactionCountByNumber", [hexNumber(block)]);
      const users = Number(held) - peer.ownTransactionsPerBlock;
      if (users > 0) lastIncludedAtMs = seenAtMs;
      included += users;
    }
    if (Date.now() - lastIncludedAtMs > STALLED_MS) {
      const accepted = (report as SendReport | undefined)?.accepted ?? "unknown";
      throw new BenchError(
        "NOT_INCLUDED",
        `${peer.name} includes nothing more: ${included} of ${count}, accepted ${accepted}\n${peer.log().slice(-2_000)}`,
      );
    }
  }
  await sent;
  const done = report as SendReport;
  const elapsedMs = lastIncludedAtMs - done.startedAtMs;
  const perTransaction = (ms: number) => Math.round((ms * 1e5) / Math.max(1, included)) / 100;
  const threads = [...threadCpuMsOf(peer.pid, readdirSync)]
    .map(([name, ms]) => [name, perTransaction(ms - (threadsBefore.get(name) ?? 0))] as const)
    .filter(([, us]) => us >= 0.1)
    .sort(([, a], [, b]) => b - a);
  return {
    included,
    rejected: done.rejected,
    errors: done.errors,
    elapsedMs: Math.round(elapsedMs),
    includedPerSecond: Math.round((included * 1000) / elapsedMs),
    acceptedPerSecond: Math.round((done.accepted * 1000) / done.elapsedMs),
    nodeCpuUs: perTransaction(cpuMsOf(peer.pid) - cpuBefore),
    loaderCpuUs: perTransaction(done.cpuMs),
    threads: Object.fromEntries(threads),
    peakMib: peakMib(peer.pid),
    requestMs: done.latency,
  };
}
