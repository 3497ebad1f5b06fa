import { inRoot } from "../lib/paths.mjs";
import { runQuietly } from "../lib/process.mjs";
import { fingerprint } from "../lib/stamps.mjs";

export function docsStep(tools) {
  return {
    name: "docs",
    title: "documentation",
    fingerprint: () =>
      fingerprint(
        [
          "docs",
          "apps/docs/src",
          "apps/docs/assets",
          "apps/docs/package.json",
          "apps/cli/src",
          "packages/raas/src/api",
          "packages/raas/src/spec",
          "pnpm-lock.yaml",
        ],
        [".ts", ".md", ".css", ".js", ".json", ".yaml"],
      ),
    outputs: [inRoot("apps/docs/dist/index.html")],
    work: (note, logFile) =>
      runQuietly(tools.node, ["--disable-warning=ExperimentalWarning", inRoot("apps/docs/src/main.ts")], {
        env: tools.env,
        logFile,
        onLine: note,
        what: "Building the documentation",
      }),
  };
}
