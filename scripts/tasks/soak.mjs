import { inRoot } from "../lib/paths.mjs";
import { runAttached } from "../lib/process.mjs";

/** A long run of ordinary work that asks whether anything grows: bench/soak.ts. */
export function runSoak(args, tools) {
  return runAttached(tools.node, ["--disable-warning=ExperimentalWarning", inRoot("bench/soak.ts"), ...args], {
    env: tools.env,
  });
}
