import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { BenchError } from "./errors.ts";

/** Asks the API at a fixed rate, whatever it answers, and tells how long each answer took in milliseconds. */
interface Load {
  readonly base: string;
  readonly token: string;
  readonly seconds: number;
  readonly perSecond: number;
}

const { base, token, seconds, perSecond } = workerData as Load;
const headers = { authorization: `Bearer ${token}` };
const { items } = (await (await fetch(`${base}/rollups?limit=100`, { headers })).json()) as { items: { id: string }[] };
const latencies: number[] = [];
const underWay: Promise<void>[] = [];
const startedAt = performance.now();

async function once(path: string, dueAt: number): Promise<void> {
  const response = await fetch(`${base}${path}`, { headers });
  await response.arrayBuffer();
  if (!response.ok) throw new BenchError("PROGRAM_FAILED", `the API answered ${response.status}`);
  // From when it was due: a server that stalls is not asked less.
  latencies.push(performance.now() - dueAt);
}

for (let index = 0; index < seconds * perSecond; index++) {
  const dueAt = startedAt + (index * 1_000) / perSecond;
  const waitMs = dueAt - performance.now();
  if (waitMs > 0) await sleep(waitMs);
  const id = items[index % items.length]?.id ?? "";
  underWay.push(once(index % 4 === 0 ? "/rollups?limit=25" : `/rollups/${id}`, dueAt));
}
await Promise.all(underWay);
parentPort?.postMessage(latencies);
