import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { freePort, type Program, startProgram, waitFor } from "./program.ts";
import { call } from "./rpc.ts";

/** Where npm put the anvil program. */
export function anvilPath(): string {
  const wrapper = createRequire(createRequire(import.meta.url).resolve("@foundry-rs/anvil/package.json"));
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const manifest = wrapper.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/package.json`);
  return join(dirname(manifest), "bin", "anvil");
}

export interface L1 extends Program {
  readonly url: string;
}

/**
 * The development L1 of the benches: anvil with a block a second.
 * @param options.blocks "clock": none but those that somebody asks for, so that a clock of the bench's own can.
 */
export async function startL1(
  options: { readonly blockTime?: number; readonly blocks?: "interval" | "clock" } = {},
): Promise<L1> {
  const port = await freePort();
  const program = startProgram("anvil (L1)", anvilPath(), [
    ...["--port", String(port), "--chain-id", "900", "--hardfork", "prague", "--gas-limit", "1000000000"],
    ...(options.blocks === "clock" ? ["--no-mining"] : ["--block-time", String(options.blockTime ?? 1)]),
    ...["--no-request-size-limit", "--prune-history", "512", "--slots-in-an-epoch", "1", "--quiet"],
  ]);
  const url = `http://127.0.0.1:${port}`;
  await waitFor("anvil answers", () => call<string>(url, "eth_chainId"), { program });
  return { ...program, url };
}
