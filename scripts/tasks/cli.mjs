import { inRoot } from "../lib/paths.mjs";
import { runAttached } from "../lib/process.mjs";

/** Hands over to `altlayer` under Node 24, in the folder from which the user called. */
export function runCli(args, tools) {
  const cwd = process.env.INIT_CWD ?? process.cwd();
  return runAttached(
    tools.node,
    ["--disable-warning=ExperimentalWarning", inRoot("apps/cli/bin/altlayer.mjs"), ...args],
    {
      cwd,
      env: tools.env,
    },
  );
}
