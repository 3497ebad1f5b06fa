import { readFileSync } from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NodeConfigInput } from "@altlayer/rollup";
import { type BenchChain, createChain } from "../chain.ts";
import { startL1 } from "../l1.ts";
import { ownVersion } from "../machine.ts";
import { freePort, type Program, startProgram, waitFor } from "../program.ts";
import { call } from "../rpc.ts";
import type { Peer, PeerOptions } from "./peer.ts";

const CLI = fileURLToPath(new URL("../../../apps/cli/bin/altlayer.mjs", import.meta.url));

export type DataAvailability = "none" | "calldata" | "blobs";

export interface AltlayerOptions extends PeerOptions {
  /** `none`: no batcher runs. */
  readonly dataAvailability: DataAvailability;
  /** Arguments of Node itself, such as `--cpu-prof`. */
  readonly nodeArguments?: readonly string[];
  /** Blocks that one log query may span; default: the node's. */
  readonly logsMaxBlocks?: number;
}

export interface AltlayerPeer extends Peer {
  readonly l1Url: string;
  readonly l1Pid: number;
  readonly chain: BenchChain;
  readonly dataDirectory: string;
  /** Starts the node again on its directory, after `kill`. Resolves when it serves. */
  restart(): Promise<void>;
  kill(): Promise<void>;
}

/** Our sequencer as the CLI runs it, over anvil as L1, on a new chain. */
export async function startAltlayer(options: AltlayerOptions): Promise<AltlayerPeer> {
  const { directory, allocPath, gasLimit, poolSize, dataAvailability } = options;
  const l1 = await startL1();
  const alloc = readFileSync(allocPath, "utf8");
  const chain = await createChain({ directory, l1Url: l1.url, alloc, gasLimit });
  const dataDirectory = join(directory, "altlayer");
  await cp(chain.engineDirectory, join(dataDirectory, "engine"), { recursive: true });
  const port = await freePort();
  const config: NodeConfigInput = {
    dataDir: dataDirectory,
    genesisFile: chain.genesisFile,
    rollupFile: chain.rollupFile,
    logLevel: "warn",
    l1: { url: l1.url, pollMs: 500, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 4 } },
    engine: {
      kind: "embedded",
      limits: options.logsMaxBlocks === undefined ? {} : { logsMaxBlocks: options.logsMaxBlocks },
      pool: { maxTransactions: poolSize, maxPerSender: poolSize, maxBytes: 4 * 2 ** 30 },
    },
    rpc: { port, limits: { submitQueue: poolSize } },
    sequencer: { confirmations: 0 },
    ...(dataAvailability === "none"
      ? {}
      : { batcher: { key: { kind: "file", path: chain.batcherKeyFile }, dataAvailability, maxChannelMs: 4_000 } }),
  };
  const configFile = join(directory, "node.json");
  await writeFile(configFile, JSON.stringify(config));
  const url = `http://127.0.0.1:${port}`;
  const args = [
    "--disable-warning=ExperimentalWarning",
    ...(options.nodeArguments ?? []),
    CLI,
    "node",
    "--config",
    configFile,
  ];
  const start = async (): Promise<Program> => {
    const started = startProgram("altlayer", process.execPath, args, { env: { NODE_ENV: "production" } });
    await waitFor("altlayer answers", () => call<string>(url, "eth_chainId"), { program: started, pollMs: 10 });
    return started;
  };
  let program = await start();
  await waitFor(
    "altlayer makes blocks",
    async () => Number(await call<string>(url, "eth_blockNumber")) >= 2 || undefined,
    {
      program,
    },
  );
  return {
    name: "altlayer",
    version: ownVersion(),
    url,
    get pid() {
      return program.pid;
    },
    ownTransactionsPerBlock: 1,
    setting:
      dataAvailability === "none"
        ? "sequencer, no batcher, no follower"
        : `sequencer and batcher (${dataAvailability}), no follower`,
    durability: "synced and rooted before it is shown",
    l1Url: l1.url,
    l1Pid: l1.pid,
    chain,
    dataDirectory,
    log: () => program.log(),
    restart: async () => {
      program = await start();
    },
    kill: () => program.stop("SIGKILL"),
    stop: async () => {
      await program.stop();
      await l1.stop();
    },
  };
}
