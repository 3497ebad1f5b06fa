import { inRoot } from "../lib/paths.mjs";
import { runAttached } from "../lib/process.mjs";

/** The SDK as other projects install it: packages/sdk/pack says what is in it. `[--out folder]` */
export function runSdk(args, tools) {
  return runAttached(tools.node, [inRoot("packages/sdk/pack/main.ts"), ...args], { env: tools.env });
}
