import { inRoot } from "../lib/paths.mjs";
import { runAttached } from "../lib/process.mjs";

/** Kills a sequencer under load many times and looks for what it acknowledged (test/torture/run.ts). */
export const runTorture = (args, tools) =>
  runAttached(tools.node, ["--disable-warning=ExperimentalWarning", inRoot("test/torture/run.ts"), ...args], {
    env: tools.env,
  });
