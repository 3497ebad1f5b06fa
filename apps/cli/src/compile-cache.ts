import { enableCompileCache } from "node:module";
import { join } from "node:path";

/**
 * Keeps V8's code of what is loaded from now on beside the other things that the set-up makes: compiling a thousand
 * modules takes longer than all the rest of a start. Where the folder cannot be written, Node goes on without.
 */
export function keepCompiled(): void {
  enableCompileCache(join(import.meta.dirname, "../../../.altlayer/compile-cache"));
}
