import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

/**
 * The compiler, alone in a process that may read nothing but its own program, and is killed when it takes too long:
 * `node compile-child.ts <package>`, standard JSON in and out.
 */
const [, , packageName = ""] = process.argv;
const input = await text(process.stdin);
const solc = createRequire(import.meta.url)(packageName) as { compile(input: string): string };
process.stdout.write(solc.compile(input));
