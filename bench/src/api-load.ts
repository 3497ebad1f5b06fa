import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { BenchError } from "./errors.ts";

/**
 * Asks the API at a fixed rate, whatever it answers, and tells how long each answer took in milliseconds: a quarter of the
 * requests for the list, a quarter for rollups that run, the others for rollups that are only stored.
 */
export interface Load {
  readonly base: string;
  /** Ids of rollups that run. */
  readonly live: readonly string[];
  readonly token: string;
  readonly seconds: number;
  readonly perSecond: number;
}

/** Milliseconds, of each kind of request. */
export interface Latencies {
  readonly list: number[];
  readonly stored: number[];
  readonly live: number[];
}

const { base, token, live, seconds, perSecond } = workerData as Load;
const headers = { authorization: `Bearer ${token}` };
const { items } = (await (await fetch(`${base}/rollups?limit=100`, { headers })).json()) as { items: { id: string }[] };
const latencies: Latencies = { list: [], stored: [], live: [] };
const underWay: Promise<void>[] = [];
const startedAt = performance.now();

async function once(kind: keyof Latencies, path: string, dueAt: number): Promise<void> {
  const response = await fetch(`${base}${path}`, { headers });
  await response.arrayBuffer();
  if (!response.ok) throw new BenchError("PROGRAM_FAILED", `the API answered ${response.status}`);
  // From when it was due: a server that stalls is not asked less.
  latencies[kind].push(performance.now() - dueAt);
}

for (let index = 0; index < seconds * perSecond; index++) {
  const dueAt = startedAt + (index * 1_000) / perSecond;
  const waitMs = dueAt - performance.now();
  if (waitMs > 0) await sleep(waitMs);
  const kind = index % 4 === 0 ? "list" : index % 4 === 1 && live.length > 0 ? "live" : "stored";
  const ids = kind === "live" ? live : items.map(({ id }) => id);
  const path = kind === "list" ? "/rollups?limit=25" : `/rollups/${ids[index % ids.length]}`;
  underWay.push(once(kind, path, dueAt));
}
await Promise.all(underWay);
parentPort?.postMessage(latencies);
