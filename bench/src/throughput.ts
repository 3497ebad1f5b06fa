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
  /** Requests a second; absent: as fast as they are answered. */
  readonly rate?: number;
}

export interface Throughput {
  readonly included: number;
  readonly rejected: number;
  /** Of a sample of the included transactions, how many failed: a load that reverts measures nothing. */
  readonly reverted: number;
  readonly errors: SendReport["errors"];
  /** When the load began, in milliseconds since 1970. */
  readonly startedAtMs: number;
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

type LoadedPeer = Pick<Peer, "name" | "url" | "pid" | "ownTransactionsPerBlock" | "log">;

const POLL_MS = 100;
/** Transactions whose receipts are looked at, of the first and of the last block. */
const SAMPLE = 50;
/** A chain that includes nothing for so long has lost transactions or stopped. */
const STALLED_MS = 30_000;

/** Sends a load and waits until blocks hold all that was accepted. What counts is what stands in blocks. */
export async function measureThroughput(peer: LoadedPeer, options: ThroughputOptions): Promise<Throughput> {
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
  const busyBlocks: number[] = [];
  while (report === undefined || included < (report as SendReport).accepted) {
    await Promise.race([sleep(POLL_MS), sent.then(() => sleep(1))]);
    const head = Number(await call<string>(peer.url, "eth_blockNumber"));
    const seenAtMs = Date.now();
    while (block < head) {
      block++;
      const held = await call<string>(peer.url, "eth_getBlockTransactionCountByNumber", [hexNumber(block)]);
      const users = Number(held) - peer.ownTransactionsPerBlock;
      included += users;
      if (users === 0) continue;
      lastIncludedAtMs = seenAtMs;
      busyBlocks.push(block);
    }
    if (Date.now() - lastIncludedAtMs > STALLED_MS) {
      const accepted = (report as SendReport | undefined)?.accepted ?? "unknown";
      throw new BenchError(
        "NOT_INCLUDED",
        `${peer.name} includes nothing more: ${included} of ${count}, accepted ${accepted}\n${peer.log().slice(-2_000)}`,
      );
    }
  }
  const nodeCpuMs = cpuMsOf(peer.pid) - cpuBefore;
  const threadsAfter = threadCpuMsOf(peer.pid, readdirSync);
  await sent;
  const done = report as SendReport;
  const elapsedMs = lastIncludedAtMs - done.startedAtMs;
  const perTransaction = (ms: number) => Math.round((ms * 1e5) / Math.max(1, included)) / 100;
  const threads = [...threadsAfter]
    .map(([name, ms]) => [name, perTransaction(ms - (threadsBefore.get(name) ?? 0))] as const)
    .filter(([, us]) => us >= 0.1)
    .sort(([, a], [, b]) => b - a);
  return {
    included,
    rejected: done.rejected,
    reverted: await revertedOf(peer, busyBlocks),
    errors: done.errors,
    startedAtMs: done.startedAtMs,
    elapsedMs: Math.round(elapsedMs),
    includedPerSecond: Math.round((included * 1000) / elapsedMs),
    acceptedPerSecond: Math.round((done.accepted * 1000) / done.elapsedMs),
    nodeCpuUs: perTransaction(nodeCpuMs),
    loaderCpuUs: perTransaction(done.cpuMs),
    threads: Object.fromEntries(threads),
    peakMib: peakMib(peer.pid),
    requestMs: done.latency,
  };
}

async function revertedOf(peer: LoadedPeer, blocks: readonly number[]): Promise<number> {
  let reverted = 0;
  for (const number of new Set([blocks[0], blocks.at(-1)])) {
    const params = [hexNumber(number ?? 0), false];
    const { transactions } = await call<{ transactions: string[] }>(peer.url, "eth_getBlockByNumber", params);
    for (const hash of transactions.slice(-SAMPLE)) {
      const receipt = await call<{ status: string } | null>(peer.url, "eth_getTransactionReceipt", [hash]);
      if (receipt?.status !== "0x1") reverted++;
    }
  }
  return reverted;
}
