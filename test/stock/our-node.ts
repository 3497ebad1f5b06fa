import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type NodeConfigInput, parseNodeConfig, RollupNode } from "@altlayer/rollup";
import { KEYS, type TestChain } from "./chain.ts";
import { StockError } from "./errors.ts";
import type { OpGeth } from "./nodes.ts";
import type { ScenarioContext } from "./scenario.ts";

export interface OurNodeOptions {
  readonly name: string;
  readonly chain: TestChain;
  readonly l1Url: string;
  /** Where blobs are read. */
  readonly beaconUrl?: string;
  /** A stock execution client in the place of our engine. */
  readonly over?: OpGeth;
  readonly sequencer?: boolean;
  readonly batcher?: { readonly dataAvailability: "calldata" | "blobs"; readonly batches: "singular" | "span" };
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
      openEngine: () => {
        throw new StockError("START_FAILED", "the embedded engine is not wired into this scenario");
      },
      kzg: null,
    },
  );
  context.started({ stop: () => node.close() });
  return node;
}
