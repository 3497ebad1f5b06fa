import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { TaskFailure } from "../lib/failure.mjs";
import { inRoot } from "../lib/paths.mjs";
import { withPlanted } from "./planted.mjs";

const run = promisify(execFile);

/** Text that breaks a rule, under the folder where the rule holds, and the rule that must say so. */
const PLANTED = [
  ["packages/protocol/src/clock.ts", "export const now = (): number => Date.now();\n", "noRestrictedGlobals"],
  [
    "packages/protocol/src/timer.ts",
    "export const later = (): unknown => setTimeout(() => {}, 1);\n",
    "noRestrictedGlobals",
  ],
  [
    "packages/rollup/src/core/io.ts",
    'import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n',
    "noNodejsModules",
  ],
  ["packages/rollup/src/any.ts", "export const any: any = 1;\n", "noExplicitAny"],
  ["packages/rollup/src/default.ts", "export default 1;\n", "noDefaultExport"],
  [
    "packages/rollup/src/floating.ts",
    "const work = async (): Promise<void> => {};\nexport function go(): void {\n  work();\n}\n",
    "noFloatingPromises",
  ],
  [
    "packages/rollup/src/extension.ts",
    'import { go } from "./floating";\nexport const alias = go;\n',
    "useImportExtensions",
  ],
];

/** Lint rules that can be switched off by accident (an override, a glob that misses) are seen to work. */
export async function checkPlantedLint(tools) {
  const files = Object.fromEntries(PLANTED.map(([name, text]) => [name, text]));
  const config = JSON.parse(readFileSync(inRoot("biome.json"), "utf8"));
  // The temporary folder is no git repository.
  files["biome.json"] = JSON.stringify({ ...config, vcs: { enabled: false } });
  await withPlanted(files, async (folder) => {
    const args = [
      inRoot("node_modules/@biomejs/biome/bin/biome"),
      "lint",
      "--reporter=json",
      "--max-diagnostics=200",
      ".",
    ];
    const { stdout } = await run(tools.node, args, { cwd: folder, env: tools.env }).catch((error) => error);
    const seen = JSON.parse(stdout).diagnostics;
    const blind = PLANTED.filter(
      ([name, , rule]) =>
        !seen.some(
          (diagnostic) =>
            diagnostic.category.endsWith(`/${rule}`) && JSON.stringify(diagnostic.location.path).includes(name),
        ),
    );
    if (blind.length > 0) {
      throw new TaskFailure(
        "LINT_BLIND",
        `Planted violations went unseen: ${blind.map(([name, , rule]) => `${rule} in ${name}`).join(", ")}.`,
      );
    }
  });
}
