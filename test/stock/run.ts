/**
 * `npm run conformance -- stock [--quick] [--only text]`: our node and stock nodes side by side. Every scenario is a story between
 * real processes on a development L1. Ends with counts; the exit code is 1 when one failed.
 */
import { goIsInstalled, stockProgram } from "./build.ts";
import { withDirectory } from "./chain.ts";
import type { Scenario, ScenarioContext } from "./scenario.ts";
import { fjordToHolocene, holoceneActivates } from "./scenarios/activation.ts";
import { answersAreOpGeths } from "./scenarios/answers.ts";
import { deployOnGeth } from "./scenarios/deploy-on-geth.ts";
import { derivationOfRandomHistories } from "./scenarios/derivation-histories.ts";
import { divergenceIsFound } from "./scenarios/divergence.ts";
import { stockFollowsUs, stockOverOurEngine, weFollowStock } from "./scenarios/embedded.ts";
import { stockFollowsUsOnGeth } from "./scenarios/geth-l1.ts";
import { l3OnOurL2 } from "./scenarios/l3.ts";
import { ourDerivationOverOpGeth } from "./scenarios/our-derivation.ts";
import { stockFollowsOurSequencer } from "./scenarios/our-sequencer.ts";
import { stockSequences } from "./scenarios/stock-sequences.ts";
import { systemConfigIsFollowed } from "./scenarios/system-config.ts";

/** The share that the gate runs: each border between us and stock nodes once. */
const QUICK: readonly Scenario[] = [
  stockFollowsUs("granite", { dataAvailability: "calldata", batches: "singular" }),
  stockFollowsUs("holocene", { dataAvailability: "blobs", batches: "span" }),
  weFollowStock("holocene", { dataAvailability: "calldata", batches: "span" }),
  stockOverOurEngine("holocene"),
  ourDerivationOverOpGeth("granite", { dataAvailability: "blobs", batches: "span" }),
  divergenceIsFound("granite"),
];

const SCENARIOS: readonly Scenario[] = [
  ...QUICK,
  derivationOfRandomHistories({ seed: Number(process.env.SEED ?? 1), histories: 60 }),
  answersAreOpGeths("holocene"),
  deployOnGeth,
  stockSequences("granite"),
  stockSequences("holocene"),
  stockFollowsUs("holocene", { dataAvailability: "calldata", batches: "span" }),
  stockFollowsUs("granite", { dataAvailability: "blobs", batches: "span" }),
  weFollowStock("granite", { dataAvailability: "calldata", batches: "span" }),
  weFollowStock("granite", { dataAvailability: "blobs", batches: "singular" }),
  weFollowStock("holocene", { dataAvailability: "blobs", batches: "span" }),
  stockOverOurEngine("granite"),
  systemConfigIsFollowed("granite"),
  systemConfigIsFollowed("holocene"),
  holoceneActivates,
  fjordToHolocene,
  l3OnOurL2,
  stockFollowsUsOnGeth,
  ourDerivationOverOpGeth("granite", { dataAvailability: "calldata", batches: "singular" }),
  ourDerivationOverOpGeth("holocene", { dataAvailability: "calldata", batches: "span" }),
  ourDerivationOverOpGeth("holocene", { dataAvailability: "blobs", batches: "singular" }),
  stockFollowsOurSequencer("granite", { dataAvailability: "calldata", batches: "span" }),
  stockFollowsOurSequencer("holocene", { dataAvailability: "calldata", batches: "singular" }),
  stockFollowsOurSequencer("granite", { dataAvailability: "blobs", batches: "singular" }),
  stockFollowsOurSequencer("holocene", { dataAvailability: "blobs", batches: "span" }),
];
const SCENARIO_TIMEOUT_MS = 6 * 60_000;

async function runScenario(scenario: Scenario): Promise<string | undefined> {
  const startedAt = performance.now();
  return withDirectory(async (directory) => {
    const parts: { stop(): Promise<void> }[] = [];
    const notes: string[] = [];
    const context: ScenarioContext = {
      directory,
      started: (part) => {
        parts.push(part);
        return part;
      },
      note: (text) => notes.push(text),
    };
    const timer = AbortSignal.timeout(SCENARIO_TIMEOUT_MS);
    const timedOut = new Promise<never>((_, reject) => timer.addEventListener("abort", () => reject(timer.reason)));
    try {
      await Promise.race([scenario.run(context), timedOut]);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      process.stdout.write(`ok    ${scenario.name}: ${[...notes, `${seconds} s`].join(", ")}\n`);
      return undefined;
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stdout.write(`FAIL  ${scenario.name}\n${reason}\n`);
      return scenario.name;
    } finally {
      for (const part of parts.reverse()) await part.stop().catch(() => undefined);
    }
  });
}

async function main(args: readonly string[]): Promise<number> {
  if (!(await goIsInstalled())) {
    process.stdout.write("stock: skipped, since Go is not installed (1.24 or newer builds the stock nodes)\n");
    return 0;
  }
  const all = args.includes("--quick") ? QUICK : SCENARIOS;
  const only = args.includes("--only") ? (args[args.indexOf("--only") + 1] ?? "") : "";
  const chosen = all.filter(({ name }) => name.includes(only));
  if (chosen.length === 0) {
    process.stdout.write(`stock: no scenario's name contains "${only}"\n`);
    return 2;
  }
  for (const program of ["op-geth", "op-node", "op-batcher"] as const) await stockProgram(program);
  const failed: string[] = [];
  for (const scenario of chosen) {
    const failure = await runScenario(scenario);
    if (failure !== undefined) failed.push(failure);
  }
  process.stdout.write(`stock: ${chosen.length - failed.length} passed, ${failed.length} failed\n`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
