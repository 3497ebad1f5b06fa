/** Loads what `altlayer platform`, `dev` and `node` load, so that the first start after a set-up finds it compiled. The set-up runs this. */
import { keepCompiled } from "./compile-cache.ts";

keepCompiled();
await import("./cli.ts");
await Promise.all([import("./commands/platform.ts"), import("./commands/dev.ts"), import("./commands/node.ts")]);
await Promise.all([import("./platform/parts.ts"), import("./dev/parts.ts"), import("./dev/new-chain.ts")]);
