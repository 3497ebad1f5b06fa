import { checkBoundaries } from "../check/boundaries.mjs";
import { checkPlantedLint } from "../check/planted-lint.mjs";
import { checkTidy } from "../check/tidy.mjs";
import { TaskFailure } from "../lib/failure.mjs";
import { inLocal, inRoot } from "../lib/paths.mjs";
import { runQuietly } from "../lib/process.mjs";
import { bold, dim, green, red, say, step } from "../lib/progress.mjs";

const bin = (name, file) => inRoot("node_modules", name, file);

/** Every static check; each says in one line how to mend what it found. */
function checks(tools) {
  const quiet = (name, command, args) => ({
    work: (note) =>
      runQuietly(command, args, { env: tools.env, logFile: inLocal("logs", `${name}.log`), onLine: note, what: name }),
  });
  return {
    types: {
      title: "types (tsc)",
      ...quiet("types", tools.node, [bin("typescript", "bin/tsc"), "-p", "tsconfig.json"]),
    },
    "types-console": {
      title: "types of the console (tsc, with the browser's library)",
      ...quiet("types-console", tools.node, [bin("typescript", "bin/tsc"), "-p", "apps/console/tsconfig.json"]),
    },
    lint: {
      title: "lint and format (biome)",
      mend: "npx biome check --write .",
      ...quiet("lint", tools.node, [
        bin("@biomejs/biome", "bin/biome"),
        "ci",
        "--colors=off",
        "--max-diagnostics=50",
        ".",
      ]),
    },
    planted: { title: "lint sees planted violations", work: () => checkPlantedLint(tools) },
    boundaries: {
      title: "boundaries (dependency-cruiser, with planted violations)",
      work: () => checkBoundaries(tools),
    },
    tidy: { title: "tidy", work: () => checkTidy() },
    fmt: { title: "cargo fmt", mend: "cargo fmt --all", ...quiet("fmt", "cargo", ["fmt", "--all", "--check"]) },
    clippy: {
      title: "cargo clippy",
      // The release profile, as everywhere: the C parts of the dependencies are compiled once, not twice.
      ...quiet("clippy", "cargo", [
        "clippy",
        "--release",
        "--locked",
        "--workspace",
        "--all-targets",
        "--color=never",
        "--",
        "-D",
        "warnings",
      ]),
    },
  };
}

export async function runChecks(names, tools) {
  const all = checks(tools);
  const unknown = names.find((name) => !(name in all));
  if (unknown !== undefined) {
    throw new TaskFailure("UNKNOWN_CHECK", `Unknown check: ${unknown}; there are ${Object.keys(all).join(", ")}.`, {
      exitCode: 2,
    });
  }
  const failed = [];
  for (const [name, check] of Object.entries(all)) {
    if (names.length > 0 && !names.includes(name)) continue;
    try {
      await step(check.title, check.work);
    } catch (error) {
      if (!(error instanceof TaskFailure) || error.code === "INTERRUPTED") throw error;
      failed.push(name);
      if (error.log) say(dim(error.log));
      say(error.message);
      if (check.mend) say(`To mend it: ${bold(check.mend)}`);
    }
  }
  say(failed.length === 0 ? green("All checks passed.") : red(`Failed: ${failed.join(", ")}.`));
  return failed.length === 0 ? 0 : 1;
}
