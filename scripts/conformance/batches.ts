/** `npm run conformance -- batches [--dir D]`: batcher transactions, channels and batches, there and back. */
import { parseArgs } from "node:util";
import { main } from "../../packages/protocol/conformance/batches.ts";

const { values } = parseArgs({ options: { dir: { type: "string", default: "test/vectors/op-batches" } } });
const { passed, failed, messages } = main(values.dir);
for (const message of messages) process.stdout.write(`${message}\n`);
process.stdout.write(`batches: ${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : passed === 0 ? 3 : 0;
