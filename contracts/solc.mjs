#!/usr/bin/env node
/**
 * What forge takes for its compiler: solc 0.8.30 as npm ships it (WebAssembly), behind the two options that forge uses.
 * `--version` prints the version; `--standard-json` compiles what stands on standard input.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc-0.8.30");
const options = process.argv.slice(2);
if (options.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (options.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write(`unknown options: ${options.join(" ")}\n`);
  process.exitCode = 2;
}
