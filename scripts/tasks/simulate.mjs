import { inRoot } from "../lib/paths.mjs";
import { runAttached } from "../lib/process.mjs";

/** Seeds by the thousand: packages/mach/simulation says what is printed. */
export function runSimulations(args, tools) {
  const program = inRoot("packages/mach/simulation/main.ts");
  return runAttached(tools.node, ["--disable-warning=ExperimentalWarning", program, ...args], { env: tools.env });
}
