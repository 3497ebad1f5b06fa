import { existsSync, readdirSync } from "node:fs";
import { TaskFailure } from "../lib/failure.mjs";
import { inRoot } from "../lib/paths.mjs";
import { runAttached } from "../lib/process.mjs";

/** A benchmark is a file bench/<name>.ts that says at its top what it measures. */
export function runBench([name, ...args], tools) {
  const names = readdirSync(inRoot("bench"))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => file.slice(0, -3));
  if (name === undefined || !existsSync(inRoot("bench", `${name}.ts`))) {
    const list = names.length > 0 ? `there are ${names.join(", ")}` : "there are none yet";
    throw new TaskFailure(
      "UNKNOWN_BENCH",
      `${name === undefined ? "Say which benchmark" : `Unknown benchmark: ${name}`}; ${list}.`,
      { exitCode: 2 },
    );
  }
  return runAttached(tools.node, ["--disable-warning=ExperimentalWarning", inRoot("bench", `${name}.ts`), ...args], {
    env: tools.env,
  });
}
