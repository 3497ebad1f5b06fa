/** The set-up's step "contracts": `node contracts/compile.ts [--force]` compiles what changed. */
import { compileOwnContracts } from "./src/compiler.ts";
import { compileProtocolContracts } from "./src/forge.ts";

const startedAt = performance.now();
const compiled = compileOwnContracts({ force: process.argv.includes("--force") });
compileProtocolContracts();
const tookMs = Math.round(performance.now() - startedAt);
process.stdout.write(compiled ? `contracts compiled in ${tookMs} ms\n` : `contracts checked in ${tookMs} ms\n`);
