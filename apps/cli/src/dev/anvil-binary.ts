import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CliError } from "../errors.ts";

/** The native program inside the npm package: started without the package's Node wrapper, which would stay in memory. */
export function anvilBinary(): string {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${architecture}`;
  try {
    const own = createRequire(import.meta.url);
    const wrapper = createRequire(own.resolve("@foundry-rs/anvil/package.json"));
    const binary = join(dirname(wrapper.resolve(`${name}/package.json`)), "bin", "anvil");
    if (existsSync(binary)) return binary;
  } catch {
    // Falls through to the one sentence that helps.
  }
  throw new CliError(
    "ANVIL_MISSING",
    `there is no anvil for this platform (${name}): run npm run setup again, or give an L1 with --l1-rpc`,
  );
}
