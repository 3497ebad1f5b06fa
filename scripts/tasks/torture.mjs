import { inRoot } from "../lib/paths.mjs";
import { runAttached } from "../lib/process.mjs";

/**
 * Kills a sequencer under load many times and looks for what it acknowledged (test/torture/run.ts); with `--operators`
 * MACH operators, and looks for signatures that contradict each other (packages/mach/test/torture/run.ts).
 */
export function runTorture(args, tools) {
  const program = args.includes("--operators") ? "packages/mach/test/torture/run.ts" : "test/torture/run.ts";
  return runAttached(tools.node, ["--disable-warning=ExperimentalWarning", inRoot(program), ...args], {
    env: tools.env,
  });
}
