import { readFileSync, rmSync } from "node:fs";
import { ensureDebianPackages } from "../lib/debian.mjs";
import { TaskFailure } from "../lib/failure.mjs";
import { inLocal, inRoot } from "../lib/paths.mjs";
import { runShown } from "../lib/process.mjs";
import { bold, dim, green, red, say, seconds } from "../lib/progress.mjs";
import { runSuites, suitesOfQuickShare } from "./conformance.mjs";
import { runForge } from "./contracts.mjs";

const STAGE_TIMEOUT_MS = 30 * 60_000;
const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

/** The crates' own tests, in the profile that ships: the dependencies are built for it by the set-up. */
async function rustStage(tools) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const code = await runShown(
    "cargo",
    // The binding is a library for Node: its symbols resolve only there, and the TypeScript tests exercise it.
    [
      "test",
      "--release",
      "--locked",
      "--workspace",
      "--exclude",
      "altlayer-engine-napi",
      "--no-fail-fast",
      "--color",
      color ? "always" : "never",
    ],
    {
      env: tools.env,
      timeoutMs: STAGE_TIMEOUT_MS,
      onLine: (line) => {
        const found = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/.exec(line);
        if (!found) return;
        counts.passed += Number(found[1]);
        counts.failed += Number(found[2]);
        counts.skipped += Number(found[3]);
      },
    },
  );
  return { ok: code === 0, ...counts };
}

async function typescriptStage(tools, filters) {
  const report = inLocal("logs/vitest.json");
  rmSync(report, { force: true });
  const code = await runShown(
    tools.node,
    [
      inRoot("node_modules/vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...filters,
    ],
    { env: color ? { ...tools.env, FORCE_COLOR: "1" } : tools.env, timeoutMs: STAGE_TIMEOUT_MS },
  );
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, "utf8"));
    return { ok: code === 0, passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    return { ok: code === 0, passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  }
}

/** The protocol's own contracts, by forge; arguments are forge's, such as --match-path. */
async function contractsStage(tools, filters) {
  const { code, ...counts } = await runForge("test", filters, tools);
  // Nothing matched is no success.
  return { ok: code === 0 && counts.passed > 0, ...counts };
}

const STAGES = {
  rust: { title: "Rust", run: rustStage },
  contracts: { title: "Contracts", run: contractsStage },
  ts: { title: "TypeScript and stories", run: typescriptStage },
  conformance: {
    title: "Conformance (quick share)",
    run: (tools) => runSuites(suitesOfQuickShare(), { rest: [] }, tools),
  },
};

/** All stages, or the one named; every stage runs even when one before it failed. */
export async function runTests([only, ...filters], tools) {
  if (only !== undefined && !(only in STAGES)) {
    throw new TaskFailure(
      "UNKNOWN_STAGE",
      `Unknown part of the tests: ${only}; there are ${Object.keys(STAGES).join(", ")}.`,
      { exitCode: 2 },
    );
  }
  // A single file that needs a program which is missing says so itself.
  if ((only === undefined || only === "ts") && filters.length === 0) await ensureDebianPackages();
  const startedMs = Date.now();
  const results = [];
  for (const [name, stage] of Object.entries(STAGES)) {
    if (only !== undefined && only !== name) continue;
    say(`\n${bold(stage.title)}`);
    const stageStartedMs = Date.now();
    const result = await stage.run(tools, filters);
    results.push({ title: stage.title, took: seconds(stageStartedMs), ...result });
  }
  say(`\n${bold("Summary")}`);
  for (const { title, took, ok, passed, failed, skipped } of results) {
    const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
    say(`${ok ? green("✓") : red("✗")} ${title.padEnd(28)} ${counts} ${dim(`(${took})`)}`);
  }
  const ok = results.every((result) => result.ok);
  say(`${ok ? green("All passed") : red("Something failed")} in ${seconds(startedMs)}.`);
  return ok ? 0 : 1;
}
