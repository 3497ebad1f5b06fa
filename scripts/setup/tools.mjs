import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { TaskFailure } from "../lib/failure.mjs";
import { inLocal, inRoot } from "../lib/paths.mjs";
import { probe, runQuietly } from "../lib/process.mjs";
import { fingerprint } from "../lib/stamps.mjs";

const NODE_MAJOR = 24;
const platform = `${process.platform}-${process.arch}`;

/** npm as the caller runs it (`npm start` tells us), or the one on the path. */
function npm() {
  const script = process.env.npm_execpath ?? "";
  if (/npm-cli\.c?js$/.test(script)) return { command: process.execPath, args: [script] };
  return { command: "npm", args: [] };
}

function requireNpm() {
  const { command, args } = npm();
  if (probe(command, [...args, "--version"]) === undefined) {
    throw new TaskFailure(
      "MISSING_NPM",
      "npm is missing: install Node.js with npm (version 20 or newer), then run this again.",
    );
  }
}

/**
 * Installs scripts/tools/<name> into .altlayer/tools/<name>. `npm install` with the lock and not `npm ci`: the lock
 * lists this project's platforms only, which npm 11's `ci` refuses; integrity hashes are checked by both.
 */
async function installTool(name, note, logFile) {
  const target = inLocal("tools", name);
  mkdirSync(target, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) {
    copyFileSync(inRoot("scripts/tools", name, file), path.join(target, file));
  }
  const { command, args } = npm();
  await runQuietly(command, [...args, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], {
    cwd: target,
    logFile,
    onLine: note,
    what: `Installing ${name}`,
  });
}

export function nodeStep() {
  const own = inLocal("tools/node/node_modules", `node-${platform}`, "bin/node");
  const needed = Number(process.versions.node.split(".")[0]) < NODE_MAJOR;
  return {
    name: "node",
    title: `Node ${NODE_MAJOR} (this machine has ${process.versions.node})`,
    needed,
    fingerprint: () => fingerprint(["scripts/tools/node"], [".json"], [platform]),
    outputs: [own],
    require: requireNpm,
    work: async (note, logFile) => {
      await installTool("node", note, logFile);
      if (!existsSync(own)) {
        throw new TaskFailure(
          "NO_NODE_PACKAGE",
          `There is no packaged Node ${NODE_MAJOR} for ${platform}: install Node ${NODE_MAJOR} yourself, then run this again.`,
        );
      }
    },
    apply: (tools) => {
      if (needed) tools.node = own;
    },
  };
}

export function pnpmStep() {
  const modules = inLocal("tools/pnpm/node_modules");
  const native = path.join(modules, "@pnpm", `exe.${platform}`, "pnpm");
  const script = path.join(modules, "pnpm/bin/pnpm.mjs");
  return {
    name: "pnpm",
    title: "pnpm",
    fingerprint: () => fingerprint(["scripts/tools/pnpm"], [".json"], [platform]),
    outputs: [script],
    require: requireNpm,
    work: (note, logFile) => installTool("pnpm", note, logFile),
    apply: (tools) => {
      tools.pnpm = existsSync(native) ? { command: native, args: [] } : { command: tools.node, args: [script] };
    },
  };
}
