import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface Anvil {
  readonly url: string;
  readonly port: number;
  readonly chainId: number;
  /** A JSON-RPC call that throws on an error answer. */
  call<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>;
  mine(blocks?: number): Promise<void>;
  /** Stops the process without ending it: the L1 accepts connections and answers nothing. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** The first two of the well-known development accounts. */
export const DEV_KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
] as const;

function binary(): string {
  const require = createRequire(import.meta.url);
  const face = require.resolve("@foundry-rs/anvil/package.json");
  const platform = `@foundry-rs/anvil-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const manifest = createRequire(face).resolve(`${platform}/package.json`);
  return join(dirname(manifest), "bin", process.platform === "win32" ? "anvil.exe" : "anvil");
}

/** Starts a real anvil on a free port. Without `blockTime` it mines when told to (`mine`) or on each transaction. */
export async function startAnvil(
  options: {
    readonly blockTime?: number;
    readonly manual?: boolean;
    readonly chainId?: number;
    readonly args?: readonly string[];
  } = {},
): Promise<Anvil> {
  const chainId = options.chainId ?? 900;
  const args = ["--port", "0", "--chain-id", String(chainId), "--hardfork", "prague", "--gas-limit", "200000000"];
  if (options.blockTime !== undefined) args.push("--block-time", String(options.blockTime));
  if (options.manual) args.push("--no-mining");
  args.push("--no-request-size-limit", "--prune-history", "512", ...(options.args ?? []));
  const child: ChildProcess = spawn(binary(), args, { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve, reject) => {
    let output = "";
    const timer = setTimeout(() => reject(new TypeError(`anvil did not start: ${output}`)), 20_000);
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /Listening on [^:]+:(\d+)/.exec(output);
      if (found) {
        clearTimeout(timer);
        output = "";
        resolve(Number(found[1]));
      }
    });
    child.once("exit", () => reject(new TypeError(`anvil ended: ${output}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  const call = async <T>(method: string, params: readonly unknown[] = []): Promise<T> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(20_000),
    });
    const body = (await response.json()) as { result?: T; error?: { message: string } };
    if (body.error) throw new TypeError(`${method}: ${body.error.message}`);
    return body.result as T;
  };
  return {
    url,
    port,
    chainId,
    call,
    mine: async (blocks = 1) => void (await call("anvil_mine", [`0x${blocks.toString(16)}`])),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
      await ended;
      clearTimeout(timer);
    },
  };
}
