// Runs seeds of MACH's simulator: `npm run simulate -- --seeds 100000`, on all cores, or one of them: `-- --seed 42`.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { fastHash, simulate } from "../src/index.ts";
import type { Chunk, ChunkReport } from "./worker.ts";

const PROGRESS_EVERY = 1_000;
/** Seeds that a worker runs before it is asked for its report. */
const CHUNK = 100;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    workers: { type: "string", default: String(availableParallelism()) },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);
const number = (name: string, text: string) => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  say(`--${name} is a number, found ${text}`);
  process.exit(2);
};

function shown(counters: ReadonlyMap<string, number>): string {
  return [...counters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `  ${name}: ${count}`)
    .join("\n");
}

function failed({ seed, violations }: ChunkReport["failed"][number]): void {
  say(`seed ${seed} fails; again: npm run simulate -- --seed ${seed}`);
  for (const violation of violations.slice(0, 10)) say(`  ${violation}`);
}

/** One after the other, in a thread of its own, until nothing is left. */
async function work(next: () => Chunk | null, report: (of: ChunkReport) => void): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  try {
    for (let chunk = next(); chunk !== null; chunk = next()) {
      worker.postMessage(chunk);
      report(
        await new Promise<ChunkReport>((resolve, reject) => {
          worker.once("message", resolve);
          worker.once("error", reject);
        }),
      );
      worker.removeAllListeners("error");
    }
  } finally {
    await worker.terminate();
  }
}

if (values.seed !== undefined) {
  const report = simulate(number("seed", values.seed), { keccak256: fastHash });
  const settings = { ...report.settings, byzantine: [...report.settings.byzantine] };
  say(JSON.stringify(settings, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
  say(`hash ${report.hash}\n${shown(report.counters)}`);
  if (report.violations.length > 0) failed(report);
  process.exitCode = report.violations.length > 0 ? 1 : 0;
} else {
  const first = number("from", values.from);
  const count = number("seeds", values.seeds);
  const totals = new Map<string, number>();
  let [planned, done, failures] = [0, 0, 0];
  const next = () => {
    if (planned >= count) return null;
    const chunk = { from: first + planned, count: Math.min(CHUNK, count - planned) };
    planned += chunk.count;
    return chunk;
  };
  const report = (of: ChunkReport) => {
    for (const [name, times] of of.counters) totals.set(name, (totals.get(name) ?? 0) + times);
    for (const each of of.failed) failed(each);
    failures += of.failed.length;
    const before = done;
    done += of.count;
    if (Math.floor(before / PROGRESS_EVERY) < Math.floor(done / PROGRESS_EVERY))
      say(`${done} of ${count} seeds, ${failures} failed`);
  };
  const workers = Math.max(1, number("workers", values.workers));
  await Promise.all(Array.from({ length: workers }, () => work(next, report)));
  say(`${count} seeds from ${first}, ${failures} failed\n${shown(totals)}`);
  process.exitCode = failures > 0 ? 1 : 0;
}
