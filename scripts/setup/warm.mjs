import { inLocal, inRoot } from "../lib/paths.mjs";
import { runQuietly } from "../lib/process.mjs";
import { fingerprint } from "../lib/stamps.mjs";

/** Node checks each entry by the file's content: only new packages are worth another round. */
export function warmStep(tools) {
  return {
    name: "compile-cache",
    title: "Compiled code for quick starts",
    fingerprint: () => fingerprint(["pnpm-lock.yaml", "apps/cli/src/warm.ts"], [".ts"], [tools.node]),
    outputs: [inLocal("compile-cache")],
    work: (note, logFile) =>
      runQuietly(tools.node, ["--disable-warning=ExperimentalWarning", inRoot("apps/cli/src/warm.ts")], {
        env: tools.env,
        logFile,
        onLine: note,
        what: "Compiling the code for quick starts",
      }),
  };
}
