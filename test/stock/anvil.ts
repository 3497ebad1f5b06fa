import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Program } from "./program.ts";
import { call, freePort, startProgram, waitFor } from "./program.ts";

export interface Anvil extends Program {
  readonly url: string;
}

/** A real anvil that mines by the second under the given rules. */
export async function startAnvilL1(options: {
  hardfork: "cancun" | "prague";
  flags?: readonly string[];
}): Promise<Anvil> {
  const wrapper = createRequire(createRequire(import.meta.url).resolve("@foundry-rs/anvil/package.json"));
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const manifest = wrapper.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/package.json`);
  const port = await freePort();
  // biome-ignore format: one flag with its value a line
  const program = startProgram("anvil", join(dirname(manifest), "bin", "anvil"), [
    "--port", String(port), "--hardfork", options.hardfork,
    "--block-time", "1", "--gas-limit", "200000000", "--slots-in-an-epoch", "2", "--no-request-size-limit",
    "--prune-history", "512",
    ...(options.flags ?? []),
  ]);
  const url = `http://127.0.0.1:${port}`;
  await waitFor("anvil answers", () => call<string>(url, "eth_chainId"), { programs: [program], timeoutMs: 20_000 });
  return { ...program, url };
}
