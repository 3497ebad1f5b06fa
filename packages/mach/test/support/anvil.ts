import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A real anvil on a free port that mines when told. */
export interface Anvil {
  readonly url: string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;

export async function startAnvil(mnemonic: string): Promise<Anvil> {
  const require = createRequire(import.meta.url);
  const wrapper = createRequire(require.resolve("@foundry-rs/anvil/package.json"));
  const platform = `@foundry-rs/anvil-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const binary = join(dirname(wrapper.resolve(`${platform}/package.json`)), "bin", "anvil");
  const flags = [
    "--port",
    "0",
    "--hardfork",
    "prague",
    "--no-mining",
    "--gas-limit",
    "1000000000",
    "--prune-history",
    "512",
  ];
  const child = spawn(binary, [...flags, "--mnemonic", mnemonic, "--accounts", "20"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const port = await listeningPort(child);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
  };
}

function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new TypeError(`anvil did not start: ${output}`));
    }, START_TIMEOUT_MS);
    child.once("error", reject);
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /Listening on [^:]+:(\d+)/.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      resolve(Number(found[1]));
    });
  });
}
