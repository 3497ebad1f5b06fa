import { inLocal, inRoot } from "../lib/paths.mjs";
import { runQuietly } from "../lib/process.mjs";
import { timesOf } from "../lib/stamps.mjs";

/** All modules of the command line as a few files, and their compiled code: `apps/cli/bin/altlayer.mjs` says when they are used. */
export function bundleStep(tools) {
  return {
    name: "bundle",
    title: "Bundle for quick starts",
    // As the program looks at its sources: by their times.
    fingerprint: () =>
      timesOf(
        [
          "apps/cli/src",
          "apps/cli/package.json",
          "packages",
          "contracts/src",
          "tsconfig.json",
          "tsconfig.base.json",
          "pnpm-lock.yaml",
        ],
        {
          endings: [".ts", ".json", ".yaml"],
          extra: [tools.node],
        },
      ),
    outputs: [inLocal("bundles/current.json"), inLocal("compile-cache")],
    work: (note, logFile) =>
      runQuietly(tools.node, ["--disable-warning=ExperimentalWarning", inRoot("apps/cli/src/bundle.ts")], {
        env: tools.env,
        logFile,
        onLine: note,
        what: "Bundling the command line",
      }),
  };
}
