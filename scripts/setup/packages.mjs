import { readdirSync } from "node:fs";
import { inRoot } from "../lib/paths.mjs";
import { runQuietly } from "../lib/process.mjs";
import { fingerprint } from "../lib/stamps.mjs";

function manifests() {
  const list = (folder) =>
    readdirSync(inRoot(folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${folder}/${entry.name}/package.json`)
      .sort();
  return [
    "package.json",
    ...list("packages"),
    ...list("apps"),
    "contracts/package.json",
    "test/package.json",
    "bench/package.json",
  ];
}

export function packagesStep(tools) {
  return {
    name: "packages",
    title: "npm packages",
    fingerprint: () =>
      fingerprint(["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests()], [".json"], [process.platform]),
    outputs: [
      inRoot("node_modules/.modules.yaml"),
      inRoot("apps/cli/node_modules"),
      inRoot("apps/console/node_modules"),
      inRoot("packages/rollup/node_modules"),
    ],
    work: (note, logFile) =>
      runQuietly(
        tools.pnpm.command,
        [...tools.pnpm.args, "install", "--frozen-lockfile", "--prefer-offline", "--reporter=append-only"],
        {
          // CI=true answers pnpm's questions (such as replacing a node_modules of another version) instead of waiting.
          env: { ...tools.env, CI: "true" },
          logFile,
          onLine: note,
          what: "Installing the packages",
        },
      ),
  };
}
