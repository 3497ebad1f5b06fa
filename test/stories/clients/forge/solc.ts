/** The compiler of npm in the clothes of the native one, which forge would otherwise download: `solc.ts [--version]`. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

interface Solc {
  version(): string;
  compile(input: string): string;
}

const contracts = createRequire(fileURLToPath(import.meta.resolve("@altlayer/contracts")));
const solc = contracts("solc") as Solc;
if (process.argv.includes("--version")) process.stdout.write(`Version: ${solc.version()}\n`);
else process.stdout.write(solc.compile(readFileSync(process.stdin.fd, "utf8")));
