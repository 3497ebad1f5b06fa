import { inRoot } from "../lib/paths.mjs";
import { runQuietly } from "../lib/process.mjs";
import { fingerprint } from "../lib/stamps.mjs";

export function consoleStep(tools) {
  return {
    name: "console",
    title: "web console",
    fingerprint: () =>
      fingerprint(
        [
          "apps/console/src",
          "apps/console/public",
          "apps/console/index.html",
          "apps/console/vite.config.ts",
          "apps/console/package.json",
          "pnpm-lock.yaml",
        ],
        [".ts", ".tsx", ".css", ".html", ".svg", ".json", ".yaml"],
      ),
    outputs: [inRoot("apps/console/dist/index.html")],
    work: (note, logFile) =>
      runQuietly(tools.node, [inRoot("apps/console/node_modules/vite/bin/vite.js"), "build"], {
        cwd: inRoot("apps/console"),
        env: tools.env,
        logFile,
        onLine: note,
        what: "Building the console",
      }),
  };
}
