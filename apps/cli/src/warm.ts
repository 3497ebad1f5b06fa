/** Loads what `altlayer dev` and `altlayer node` load, so that the first start after a set-up finds it compiled. The set-up runs this. */
import { keepCompiled } from "./compile-cache.ts";

keepCompiled();
await import("./cli.ts");
await import("./commands/dev.ts");
await Promise.all([import("./dev/parts.ts"), import("./dev/new-chain.ts"), import("./commands/node.ts")]);
