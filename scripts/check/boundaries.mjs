import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { TaskFailure } from "../lib/failure.mjs";
import { inRoot, ROOT } from "../lib/paths.mjs";
import { withPlanted } from "./planted.mjs";
import { trackedFiles } from "./tracked.mjs";

const run = promisify(execFile);
const FOLDERS = ["packages", "apps", "contracts", "test", "bench"];
const OUTPUT_MAX_BYTES = 256 * 1024 * 1024;

/** One violation of each rule of .dependency-cruiser.cjs: the check must name all of them, or it is blind. */
const PLANTED = {
  "packages/protocol/src/index.ts": 'export { a } from "./a.ts";\n',
  "packages/protocol/src/a.ts":
    'import { readFileSync } from "node:fs";\nimport { b } from "./b.ts";\nexport const a = () => readFileSync(b, "utf8");\n',
  "packages/protocol/src/b.ts": 'import type { a } from "./a.ts";\nexport const b = "b";\nexport type A = typeof a;\n',
  "packages/engine/src/index.ts":
    'import { node } from "../../rollup/src/index.ts";\nimport { deploy } from "../../deployer/src/index.ts";\nexport const engine = [node, deploy];\n',
  "packages/deployer/src/index.ts":
    'import { platform } from "../../raas/src/index.ts";\nexport const deploy = platform;\n',
  "packages/raas/src/index.ts": "export const platform = 1;\n",
  "packages/restaking/src/index.ts":
    'import { deploy } from "../../deployer/src/index.ts";\nexport const restake = deploy;\n',
  "packages/rollup/src/core/step.ts": 'import { shell } from "../shell.ts";\nexport const step = shell;\n',
  "packages/rollup/src/shell.ts":
    'import { b } from "../../protocol/src/b.ts";\nimport { help } from "../test/help.ts";\nimport { gone } from "./gone.ts";\nimport { cli } from "../../../apps/cli/src/index.ts";\nexport const shell = [b, help, gone, cli];\n',
  "packages/rollup/src/index.ts": 'export { shell as node } from "./shell.ts";\n',
  "packages/sdk/src/index.ts":
    'import { join } from "node:path";\nimport { deploy } from "../../deployer/src/index.ts";\nexport const sdk = [join, deploy];\n',
  "packages/rollup/test/help.ts": "export const help = 1;\n",
  "apps/cli/src/index.ts": "export const cli = 1;\n",
  "apps/console/src/app/main.tsx":
    'import { node } from "../../../../packages/rollup/src/index.ts";\nimport { readFileSync } from "node:fs";\nexport const main = [node, readFileSync];\n',
  "test/story.test.ts": 'import { b } from "../packages/protocol/src/b.ts";\nexport const story = b;\n',
  "contracts/src/index.ts": "export {};\n",
  "bench/run.ts": "export {};\n",
};

async function cruise(folder, tools) {
  const program = inRoot("node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const args = [program, "--config", inRoot(".dependency-cruiser.cjs"), "--output-type", "json", ...FOLDERS];
  const output = await run(tools.node, args, { cwd: folder, env: tools.env, maxBuffer: OUTPUT_MAX_BYTES }).catch(
    (error) => {
      // The exit code is the number of violations; the report is on standard output all the same.
      if (error.stdout) return error;
      throw new TaskFailure("CRUISE_FAILED", `dependency-cruiser did not run: ${error.message}`, { log: error.stderr });
    },
  );
  return JSON.parse(output.stdout);
}

/** The walls between the rooms hold, every source file was read, and a violation of each rule would have been seen. */
export async function checkBoundaries(tools) {
  const { modules, summary } = await cruise(ROOT, tools);
  const read = new Set(modules.map((module) => module.source));
  const unread = trackedFiles().filter(
    (file) => /^(packages|apps)\/[^/]+\/src\/.*\.tsx?$/.test(file) && !file.endsWith(".d.ts") && !read.has(file),
  );
  if (unread.length > 0) {
    throw new TaskFailure(
      "BOUNDARIES_BLIND",
      `dependency-cruiser did not read ${unread.length} source files, for example ${unread[0]}.`,
    );
  }
  const found = summary.violations.filter((violation) => violation.rule.severity === "error");
  if (found.length > 0) {
    const lines = found.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
    throw new TaskFailure(
      "BOUNDARIES",
      `${found.length} imports cross a wall; .dependency-cruiser.cjs says why each wall stands.`,
      { log: lines.join("\n") },
    );
  }

  const planted = { ...PLANTED, "tsconfig.json": readFileSync(inRoot("tsconfig.base.json"), "utf8") };
  const report = await withPlanted(planted, (folder) => cruise(folder, tools));
  const seen = new Set(report.summary.violations.map((violation) => violation.rule.name));
  const rules = report.summary.ruleSetUsed.forbidden.map((rule) => rule.name);
  const blind = rules.filter((rule) => !seen.has(rule));
  if (blind.length > 0)
    throw new TaskFailure("BOUNDARIES_BLIND", `Planted violations went unseen by: ${blind.join(", ")}.`);
}
