// Runs seeds of MACH's simulator: `npm run simulate -- --seeds 100000`, or one of them: `-- --seed 42`.
import { parseArgs } from "node:util";
import { fastHash, type SimulationReport, simulate } from "../src/index.ts";

const PROGRESS_EVERY = 1_000;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
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

function failed(report: SimulationReport): void {
  say(`seed ${report.seed} fails; again: npm run simulate -- --seed ${report.seed}`);
  for (const violation of report.violations.slice(0, 10)) say(`  ${violation}`);
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
  let failures = 0;
  for (let i = 0; i < count; i++) {
    const report = simulate(first + i, { keccak256: fastHash });
    for (const [name, times] of report.counters) totals.set(name, (totals.get(name) ?? 0) + times);
    if (report.violations.length > 0) {
      failures++;
      failed(report);
    }
    if ((i + 1) % PROGRESS_EVERY === 0) say(`${i + 1} of ${count} seeds, ${failures} failed`);
  }
  say(`${count} seeds from ${first}, ${failures} failed\n${shown(totals)}`);
  process.exitCode = failures > 0 ? 1 : 0;
}
