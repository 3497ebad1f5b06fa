/** The set-up's step "contracts": `node contracts/compile.ts [--force]` compiles what changed. */
import { compileOwnContracts } from "./src/compiler.ts";

const startedAt = performance.now();
const compiled = compileOwnContracts({ force: process.argv.includes("--force") });
process.stdout.write(
  compiled ? `contracts compiled in ${Math.round(performance.now() - startedAt)} ms\n` : "contracts are current\n",
);
