import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kzg, openEngine } from "@altlayer/engine";
import { createLogger, type NodeConfigInput, parseNodeConfig, RollupNode, startBeaconFacade } from "@altlayer/rollup";
import { KEYS, type TestChain } from "./chain.ts";
import type { OpGeth } from "./nodes.ts";
import type { ScenarioContext } from "./scenario.ts";

/** How batches reach L1. */
export interface BatchData {
  readonly dataAvailability: "calldata" | "blobs";
  readonly batches: "singular" | "span";
}

export interface OurNodeOptions {
  readonly name: string;
  readonly chain: TestChain;
  readonly l1Url: string;
  /** Where blobs are read. */
  readonly beaconUrl?: string;
  /** A stock execution client in the place of our engine. */
  readonly over?: OpGeth;
  readonly sequencer?: boolean;
  readonly batcher?: BatchData;
  /** Overrides, last word. */
  readonly config?: Partial<NodeConfigInput>;
}

/** Starts our node on a chain: with our engine, or over a stock execution client. */
export async function startOurNode(context: ScenarioContext, options: OurNodeOptions): Promise<RollupNode> {
  const { chain, over } = options;
  const dataDir = join(context.directory, options.name);
  await mkdir(dataDir, { recursive: true });
  const file = async (name: string, text: string) => {
    const path = join(dataDir, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const genesisJson = JSON.stringify(chain.genesis.genesis);
  const config = parseNodeConfig({
    dataDir,
    genesisFile: await file("genesis.json", genesisJson),
    rollupFile: await file("rollup.json", chain.rollupJson),
    logLevel: "warn",
    l1: {
      url: options.l1Url,
      // Anvil's receipts and headers verify, with the exception of its genesis block.
      pollMs: 200,
      finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 4 },
      ...(options.beaconUrl === undefined ? {} : { beacon: { urls: [options.beaconUrl], addressing: "slot" } }),
    },
    ...(over === undefined ? {} : { engine: { kind: "engine-api", url: over.engineUrl, jwtSecretFile: over.jwtPath } }),
    rpc: over === undefined ? { port: 0 } : null,
    ...(options.sequencer ? { sequencer: { confirmations: 0 } } : {}),
    ...(options.batcher === undefined
      ? {}
      : {
          batcher: {
            key: { kind: "file", path: await file("batcher.key", KEYS.batcher.key) },
            ...options.batcher,
            maxChannelMs: 2_000,
          },
        }),
    ...options.config,
  });
  const node = await RollupNode.start(
    { config, rollup: chain.config, genesisJson, clientVersion: "altlayer/test" },
    {
      openEngine,
      kzg,
    },
  );
  context.started({ stop: () => node.close() });
  return node;
}

/** The beacon facade with its blob archive in front of an anvil. */
export async function startBeacon(context: ScenarioContext, l1Url: string, chain: TestChain): Promise<string> {
  const facade = await startBeaconFacade(
    {
      l1Url,
      blobsUrl: l1Url,
      addressing: "block-number",
      directory: join(context.directory, "blobs"),
      startBlock: chain.deployment.anchor.number,
    },
    { kzg, log: createLogger({ level: "warn" }) },
  );
  context.started({ stop: () => facade.close() });
  return facade.url;
}
