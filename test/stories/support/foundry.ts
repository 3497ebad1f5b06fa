import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The native program behind an npm package of Foundry's. */
export function foundryBinary(tool: "cast" | "forge"): string {
  const wrapper = createRequire(createRequire(import.meta.url).resolve(`@foundry-rs/${tool}/package.json`));
  const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  return join(dirname(wrapper.resolve(`@foundry-rs/${tool}-${platform}/package.json`)), "bin", tool);
}
