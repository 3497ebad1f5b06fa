import { existsSync } from "node:fs";
import path from "node:path";
import { TaskFailure } from "../lib/failure.mjs";
import { inRoot } from "../lib/paths.mjs";
import { runShown } from "../lib/process.mjs";
import { bold, green, red, say } from "../lib/progress.mjs";

const SUITE_TIMEOUT_MS = 60 * 60_000;

/** A suite over a folder of vectors, run by the engine's own runner (crates/execution). */
const vectors = (folder) => ({
  folder,
  command: () => [
    "cargo",
    ["run", "--release", "--locked", "--quiet", "-p", "altlayer-execution", "--bin", "altlayer-vectors", "--"],
  ],
});

/**
 * Suites by name. `folder` is the share of the vectors that the repository carries; `--dir` names another folder in the
 * same format.
 */
const SUITES = {
  state: vectors("ethereum-tests/GeneralStateTests"),
  trie: vectors("ethereum-tests/TrieTests"),
  rlp: vectors("ethereum-tests/RLPTests"),
  tx: vectors("ethereum-tests/TransactionTests"),
  "op-blocks": vectors("op-sepolia-blocks"),
  batches: { folder: "op-batches", command: (tools) => [tools.node, [inRoot("scripts/conformance/batches.ts")]] },
  stock: { command: (tools) => [tools.node, [inRoot("test/stock/run.ts")]] },
};

/** What `npm test` shows of them. Stock nodes are built from their sources with Go, so they run only when asked for. */
export const suitesOfQuickShare = () => Object.keys(SUITES).filter((name) => SUITES[name].folder !== undefined);

function argumentsOf(name, { dir, rest }) {
  const { folder } = SUITES[name];
  if (folder === undefined) return rest;
  const directory = path.resolve(dir ?? inRoot("test/vectors", folder));
  if (!existsSync(directory))
    throw new TaskFailure("NO_VECTORS", `There is no folder ${directory}: name one with --dir.`, { exitCode: 2 });
  return name === "batches" ? ["--dir", directory, ...rest] : [name, "--dir", directory, ...rest];
}

/** Runs suites one after the other, each to its end. */
export async function runSuites(names, options, tools) {
  const failed = [];
  for (const name of names) {
    const [command, args] = SUITES[name].command(tools);
    say(bold(`conformance ${name}`));
    const all = [...args, ...argumentsOf(name, options)];
    const code = await runShown(command, all, { env: tools.env, timeoutMs: SUITE_TIMEOUT_MS });
    if (code !== 0) failed.push(name);
  }
  return { ok: failed.length === 0, passed: names.length - failed.length, failed: failed.length, skipped: 0 };
}

export async function runConformance(args, tools) {
  const names = [];
  const options = { dir: undefined, rest: [] };
  for (let index = 0; index < args.length; index++) {
    if (args[index] in SUITES) names.push(args[index]);
    else if (args[index] === "--dir") options.dir = args[++index];
    else if (args[index].startsWith("-") || options.rest.length > 0) options.rest.push(args[index]);
    else {
      throw new TaskFailure(
        "UNKNOWN_SUITE",
        `Unknown suite: ${args[index]}; there are ${Object.keys(SUITES).join(", ")}.`,
        { exitCode: 2 },
      );
    }
  }
  if (options.dir !== undefined && names.length !== 1) {
    throw new TaskFailure("WHICH_SUITE", "With --dir, name the one suite whose vectors it holds.", { exitCode: 2 });
  }
  const result = await runSuites(names.length > 0 ? names : suitesOfQuickShare(), options, tools);
  const text = `${result.passed} suites passed, ${result.failed} failed.`;
  say(result.ok ? green(text) : red(text));
  return result.ok ? 0 : 1;
}
