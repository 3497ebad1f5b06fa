import { existsSync } from "node:fs";
import { inRoot } from "../lib/paths.mjs";
import { runQuietly } from "../lib/process.mjs";
import { fingerprint } from "../lib/stamps.mjs";

const COMPILE = inRoot("contracts/compile.ts");

export function contractsStep(tools) {
  return {
    name: "contracts",
    title: "Solidity contracts",
    needed: existsSync(COMPILE),
    fingerprint: () =>
      fingerprint(
        [
          "contracts/compile.ts",
          "contracts/package.json",
          "contracts/foundry.toml",
          "contracts/solc.mjs",
          "contracts/src",
        ],
        [".sol", ".ts", ".json", ".toml", ".mjs"],
      ),
    outputs: [inRoot("contracts/out"), inRoot("contracts/out/forge")],
    work: (note, logFile) =>
      runQuietly(tools.node, ["--disable-warning=ExperimentalWarning", COMPILE], {
        env: tools.env,
        logFile,
        onLine: note,
        what: "Compiling the contracts",
      }),
  };
}
