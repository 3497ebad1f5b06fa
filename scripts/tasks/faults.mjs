import { inRoot } from "../lib/paths.mjs";
import { runAttached } from "../lib/process.mjs";

/** Random mixes of L1 faults against real nodes, seed by seed: packages/rollup/test/faults. */
export function runFaults(args, tools) {
  const program = inRoot("packages/rollup/test/faults/main.ts");
  return runAttached(tools.node, ["--disable-warning=ExperimentalWarning", program, ...args], { env: tools.env });
}
