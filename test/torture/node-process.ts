import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestChain } from "../stock/chain.ts";
import { KEYS } from "../stock/chain.ts";
import { TortureError } from "./errors.ts";

const PROGRAM = fileURLToPath(new URL("../../apps/cli/bin/altlayer.mjs", import.meta.url));
const READY_TIMEOUT_MS = 120_000;
const LOG_CHARACTERS = 8_000;

/** `altlayer node` in a process of its own. */
export interface NodeProcess {
  /** Resolves, with the milliseconds since the start, when it serves; rejects if it ends before without being killed. */
  readonly ready: Promise<number>;
  serves(): boolean;
  /** Whether it ended without having been killed. */
  endedByItself(): boolean;
  log(): string;
  /** kill -9: nothing gets a chance to tidy up. */
  kill(): Promise<void>;
}

/** Writes the files of a node of that name into the folder and returns the path of its configuration. */
export async function writeNodeConfig(options: {
  readonly directory: string;
  readonly name: string;
  readonly chain: TestChain;
  readonly l1Url: string;
  readonly port: number;
  readonly sequencer: boolean;
  readonly dataAvailability: "calldata" | "blobs";
}): Promise<string> {
  const { directory, name, chain, l1Url, port, sequencer, dataAvailability } = options;
  const file = async (suffix: string, text: string) => {
    const path = join(directory, `${name}-${suffix}`);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const config = {
    dataDir: join(directory, name),
    genesisFile: await file("genesis.json", JSON.stringify(chain.genesis.genesis)),
    rollupFile: await file("rollup.json", chain.rollupJson),
    l1: {
      url: l1Url,
      pollMs: 200,
      finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 8 },
      // Anvil serves its blobs itself.
      beacon: { urls: [l1Url], addressing: "block-number" },
    },
    rpc: { port },
    ...(sequencer
      ? {
          sequencer: { confirmations: 0 },
          batcher: {
            key: { kind: "file", path: await file("batcher.key", KEYS.batcher.key) },
            dataAvailability,
            maxChannelMs: 1_500,
            pollMs: 200,
          },
        }
      : {}),
  };
  return file("node.json", JSON.stringify(config));
}

export function startNode(configFile: string): NodeProcess {
  const startedMs = performance.now();
  const args = [PROGRAM, "node", "--config", configFile, "--json", "--log-level", "warn"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  let answer = "";
  let killed = false;
  let ended = false;
  let serving = false;
  const collect = (chunk: string) => {
    log = (log + chunk).slice(-LOG_CHARACTERS);
  };
  child.stderr.setEncoding("utf8").on("data", collect);
  const exit = new Promise<void>((resolve) => {
    child.once("exit", () => {
      ended = true;
      resolve();
    });
  });
  const ready = new Promise<number>((resolve, reject) => {
    const fail = (code: "TIMED_OUT" | "NODE_ENDED", what: string) => {
      clearTimeout(timer);
      reject(new TortureError(code, `the node ${what}\n${log}`));
    };
    const timer = setTimeout(() => fail("TIMED_OUT", `was not ready in ${READY_TIMEOUT_MS} ms`), READY_TIMEOUT_MS);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      collect(chunk);
      answer += chunk;
      // An answer with an error is followed by the exit.
      if (!answer.includes("\n") || answer.startsWith('{"error"')) return;
      clearTimeout(timer);
      serving = true;
      resolve(performance.now() - startedMs);
    });
    void exit.then(() => fail("NODE_ENDED", killed ? "was killed" : "ended by itself"));
  });
  // Whoever kills it while it boots does not wait for it to be ready.
  ready.catch(() => {});
  return {
    ready,
    serves: () => serving,
    endedByItself: () => ended && !killed,
    log: () => log,
    kill: () => {
      killed = true;
      child.kill("SIGKILL");
      return exit;
    },
  };
}
