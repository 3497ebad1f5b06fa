/**
 * Random mixes of L1 faults, one line a seed. `--seeds N` runs N seeds (20) from a random one or from `--seed S`, which alone replays that one;
 * `--phases P` draws more of each. Exits with 1 if any broke.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { drawPlan } from "./plan.ts";
import { runSwarm } from "./swarm.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    phases: { type: "string", default: "5" },
  },
});
const first = values.seed === undefined ? randomInt(1, 1_000_000) : Number(values.seed);
const seeds = Number(values.seeds ?? (values.seed === undefined ? 20 : 1));
const totals = new Map<string, number>();
let failed = 0;
for (let seed = first; seed < first + seeds; seed++) {
  const startedMs = Date.now();
  const plan = drawPlan(seed, Number(values.phases));
  const kind = `${plan.fork}, ${plan.batches}, ${plan.dataAvailability}`;
  try {
    const report = await runSwarm(plan);
    for (const [fault, count] of report.met) totals.set(fault, (totals.get(fault) ?? 0) + count);
    const met = [...report.met].map(([fault, count]) => `${fault} ${count}`).join(", ");
    const took = `${((Date.now() - startedMs) / 1000).toFixed(0)} s`;
    const rss = `${(process.memoryUsage().rss / 1024 / 1024).toFixed(0)} MiB`;
    process.stdout.write(
      `seed ${seed} ok: ${kind}; ${report.transactions} transactions, safe ${report.safe}, ${took}, ${rss}; ${met}\n`,
    );
  } catch (error) {
    failed++;
    const text = error instanceof Error ? error.message : String(error);
    process.stdout.write(
      `seed ${seed} FAILED (${kind}): ${text}\n  npm run faults -- --seed ${seed} --phases ${values.phases}\n`,
    );
  }
}
process.stdout.write(`faults met: ${[...totals].map(([fault, count]) => `${fault} ${count}`).join(", ")}\n`);
process.stdout.write(`${seeds - failed} of ${seeds} seeds passed\n`);
process.exit(failed === 0 ? 0 : 1);
