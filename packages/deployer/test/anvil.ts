import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A real anvil on a free port, for one test file: the tests of all packages start theirs here. */
export interface Anvil {
  readonly url: string;
  readonly port: number;
  /** To be stopped and continued by signals. */
  readonly pid: number;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;

/** @param flags beside those that every test wants; without one about mining it mines on each transaction */
export async function startAnvil(flags: readonly string[] = []): Promise<Anvil> {
  const require = createRequire(import.meta.url);
  const wrapper = createRequire(require.resolve("@foundry-rs/anvil/package.json"));
  const platform = `@foundry-rs/anvil-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const binary = join(dirname(wrapper.resolve(`${platform}/package.json`)), "bin", "anvil");
  const own = ["--port", "0", "--hardfork", "prague", "--no-request-size-limit", "--prune-history", "512"];
  const child = spawn(binary, [...own, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // A test that is cut off stops nothing, and whoever waits for the end of its output waits for anvil's, too.
  process.once("exit", () => child.kill("SIGKILL"));
  const port = await listeningPort(child);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid as number,
    stop: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    const failed = () => reject(new TypeError(`anvil did not start: ${output}`));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      failed();
    }, START_TIMEOUT_MS);
    child.once("error", reject);
    child.once("exit", failed);
    child.stdout?.on("data", (chunk: Buffer) => {
      // What it prints later is read, so that it never waits for us, and kept no more.
      if (output === "listening") return;
      output += chunk.toString();
      const found = /Listening on [^:]+:(\d+)/.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      output = "listening";
      resolve(Number(found[1]));
    });
  });
}
