import { mkdirSync } from "node:fs";
import path from "node:path";
import { withLock } from "../lib/lock.mjs";
import { inLocal } from "../lib/paths.mjs";
import { say, step } from "../lib/progress.mjs";
import { isCurrent, writeStamp } from "../lib/stamps.mjs";
import { bundleStep } from "./bundle.mjs";
import { consoleStep } from "./console.mjs";
import { contractsStep } from "./contracts.mjs";
import { docsStep } from "./docs.mjs";
import { engineStep } from "./engine.mjs";
import { packagesStep } from "./packages.mjs";
import { nodeStep, pnpmStep } from "./tools.mjs";

/**
 * The steps in order. Each says what it reads (`fingerprint`) and makes (`outputs`), and is skipped when a stamp shows
 * that the outputs were made from exactly these inputs.
 */
const STEPS = [nodeStep, pnpmStep, packagesStep, engineStep, contractsStep, consoleStep, docsStep, bundleStep];

/**
 * Brings everything up to date and returns how to run the project's programs.
 * Safe to call from several processes at once: one works, the others wait.
 * @param options.starts whether the program `altlayer` is started then: else nothing is done for its quick start
 */
export async function runSetup({ starts = true } = {}) {
  const tools = { node: process.execPath, pnpm: { command: "", args: [] }, env: process.env };
  for (const make of STEPS) {
    if (make === bundleStep && !starts) continue;
    const task = make(tools);
    if (!upToDate(task)) {
      await withLock(
        inLocal("setup.lock"),
        (pid) => say(`Another set-up is running (process ${pid}); waiting for it.`),
        async () => {
          // The inputs may have been brought up to date by whom we waited for.
          if (upToDate(task)) return;
          task.require?.();
          mkdirSync(inLocal("logs"), { recursive: true });
          await step(task.title, (note) => task.work(note, inLocal("logs", `${task.name}.log`)));
          writeStamp(task.name, task.fingerprint());
        },
      );
    }
    task.apply?.(tools);
    tools.env = environment(tools);
  }
  return tools;
}

function upToDate(task) {
  return task.needed === false || isCurrent(task.name, task.fingerprint(), task.outputs);
}

/** Programs that the project starts find Node 24 first on their path. */
function environment(tools) {
  const inherited = process.env.PATH ?? "";
  const first = path.dirname(tools.node);
  return {
    ...process.env,
    PATH: inherited.split(path.delimiter)[0] === first ? inherited : `${first}${path.delimiter}${inherited}`,
  };
}
