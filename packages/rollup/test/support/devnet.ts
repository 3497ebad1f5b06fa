import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileOwnContracts } from "@altlayer/contracts";
import {
  buildL2Genesis,
  buildRollupConfig,
  type Deployment,
  deployL1Contracts,
  developmentParameters,
  EIP1559_DEFAULTS,
  feeVaultsTo,
  forkTimesAtGenesis,
  type L2Genesis,
} from "@altlayer/deployer";
import { kzg, openEngine } from "@altlayer/engine";
import { type RollupConfig, serializeRollupConfig } from "@altlayer/protocol";
import { privateKeyToAddress } from "viem/accounts";
import type { TestContext } from "vitest";
import { type BeaconFacadeService, startBeaconFacade } from "../../src/beacon/service.ts";
import { type NodeConfigInput, parseNodeConfig } from "../../src/config/node-config.ts";
import { createLogger } from "../../src/log.ts";
import { RollupNode, type RollupNodeDependencies } from "../../src/node/node.ts";
import { type Anvil, DEV_KEYS, startAnvil } from "./anvil.ts";
import { until } from "./until.ts";

const lower = (address: string) => address.toLowerCase() as `0x${string}`;
export const ROLES = {
  owner: DEV_KEYS[0],
  batcher: DEV_KEYS[1],
  proposer: DEV_KEYS[2],
  challenger: DEV_KEYS[3],
} as const;

/** What a node knows of its chain; another than the devnet's own shares its L1 contracts. */
export interface Chain {
  readonly rollup: RollupConfig;
  readonly genesisJson: string;
}

export interface Devnet {
  /** Holds a data directory for each node, by its name. */
  readonly directory: string;
  readonly anvil: Anvil;
  readonly deployment: Deployment;
  readonly genesis: L2Genesis;
  readonly rollup: RollupConfig;
  readonly beacon: BeaconFacadeService;
  /** The L1 as every node is told of it: to start one behind a proxy. */
  readonly l1: NodeConfigInput["l1"];
  /** Starts a node with its own directory; the same name again takes up the same directory. */
  node(
    name: string,
    extra?: Partial<NodeConfigInput>,
    dependencies?: Partial<RollupNodeDependencies>,
    chain?: Chain,
  ): Promise<RollupNode>;
  /** Writes the files of a node of that name and returns the path of its configuration. */
  configFile(name: string, extra?: Partial<NodeConfigInput>): Promise<string>;
  close(): Promise<void>;
}

/** Keys go by environment variables, as in production; these are public test keys. */
export function keyOf(role: keyof typeof ROLES) {
  const name = `ALTLAYER_TEST_${role.toUpperCase()}`;
  process.env[name] = ROLES[role];
  return { kind: "env", name } as const;
}

export const sequencing = (batcher: Partial<NonNullable<NodeConfigInput["batcher"]>> = {}) =>
  ({
    sequencer: { confirmations: 0 },
    batcher: { key: keyOf("batcher"), dataAvailability: "calldata", maxChannelMs: 1_500, pollMs: 150, ...batcher },
  }) satisfies Partial<NodeConfigInput>;

export const proposing = (devnet: Devnet) =>
  ({
    proposer: {
      key: keyOf("proposer"),
      disputeGameFactory: devnet.deployment.addresses.DisputeGameFactoryProxy,
      intervalMs: 3_000,
      allowUnfinalized: true,
      pollMs: 500,
    },
  }) satisfies Partial<NodeConfigInput>;

export interface DevnetOptions {
  /** The L1 starts with this much excess blob gas: blobs are dear from its first block on. */
  readonly excessBlobGas?: number;
  readonly fork?: "granite" | "holocene";
  readonly seqWindowSize?: number;
  readonly blockTime?: number;
  /** The L1 begins so long ago, and its clock stays behind by as much. */
  readonly l1AgeSeconds?: number;
}

/** Of one test, and closed at its end: for tests that run beside each other, as those do that mostly wait for the L1. */
export async function devnetOf(test: TestContext, options: DevnetOptions = {}): Promise<Devnet> {
  const devnet = await startDevnet(options);
  test.onTestFinished(() => devnet.close(), 60_000);
  return devnet;
}

/** A development L1 with a rollup's contracts on it, and everything that a node of that rollup needs. */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  compileOwnContracts();
  const directory = await mkdtemp(join(tmpdir(), "altlayer-devnet-"));
  const args: string[] = [];
  if (options.excessBlobGas !== undefined) {
    const path = join(directory, "l1-genesis.json");
    await writeFile(path, JSON.stringify(l1Genesis(options.excessBlobGas)));
    args.push("--init", path);
  }
  if (options.l1AgeSeconds !== undefined) {
    args.push("--timestamp", String(Math.floor(Date.now() / 1000) - options.l1AgeSeconds));
  }
  const anvil = await startAnvil({ blockTime: 1, args });
  const address = (role: keyof typeof ROLES) => lower(privateKeyToAddress(ROLES[role]));
  const parameters = developmentParameters({
    l2ChainId: 901,
    owner: address("owner"),
    batcher: address("batcher"),
    proposer: address("proposer"),
    challenger: address("challenger"),
    unsafeBlockSigner: address("owner"),
  });
  const deployment = await deployL1Contracts({ parameters }, { l1: { rpcUrl: anvil.url, privateKey: ROLES.owner } });
  const base = {
    l1ChainId: deployment.l1ChainId,
    l2ChainId: 901,
    anchor: deployment.anchor,
    addresses: deployment.addresses,
    forkTimes: forkTimesAtGenesis(options.fork ?? "holocene"),
    eip1559Defaults: EIP1559_DEFAULTS,
  };
  const genesis = buildL2Genesis({
    ...base,
    owner: address("owner"),
    gasLimit: parameters.gasLimit,
    feeVaults: feeVaultsTo(address("owner")),
    balances: { [address("owner")]: 10n ** 24n },
  });
  const timing = {
    blockTime: options.blockTime ?? 1,
    seqWindowSize: options.seqWindowSize ?? 200,
    maxSequencerDrift: 1800,
    channelTimeout: 50,
  };
  const rollup = buildRollupConfig({ ...base, parameters, genesis, timing });
  const genesisJson = JSON.stringify(genesis.genesis);
  const beacon = await startBeaconFacade(
    {
      l1Url: anvil.url,
      blobsUrl: anvil.url,
      addressing: "block-number",
      directory: join(directory, "blobs"),
      pollMs: 200,
    },
    { kzg },
  );
  const l1: NodeConfigInput["l1"] = {
    url: anvil.url,
    pollMs: 150,
    finality: { kind: "blocks", safeBlocks: 5, finalizedBlocks: 40 },
    beacon: { urls: [beacon.url] },
  };
  const nodes: RollupNode[] = [];
  const settings = (name: string): NodeConfigInput => ({
    dataDir: join(directory, name),
    genesisFile: "-",
    rollupFile: "-",
    l1,
    rpc: { port: 0 },
  });
  return {
    directory,
    anvil,
    deployment,
    genesis,
    rollup,
    beacon,
    l1,
    configFile: async (name, extra = {}) => {
      const file = async (suffix: string, text: string) => {
        const path = join(directory, `${name}-${suffix}.json`);
        await writeFile(path, text);
        return path;
      };
      const files = {
        genesisFile: await file("genesis", genesisJson),
        rollupFile: await file("rollup", serializeRollupConfig(rollup)),
      };
      return file("node", JSON.stringify({ ...settings(name), logLevel: "error", ...files, ...extra }));
    },
    node: async (name, extra = {}, dependencies = {}, chain = { rollup, genesisJson }) => {
      const config = parseNodeConfig({ ...settings(name), ...extra });
      const log = createLogger({
        level: (process.env.ALTLAYER_TEST_LOG as "debug" | undefined) ?? "error",
        room: name,
      });
      const options = { config, ...chain, clientVersion: "altlayer/test" };
      const node = await RollupNode.start(options, { openEngine, kzg, log, ...dependencies });
      nodes.push(node);
      return node;
    },
    close: async () => {
      for (const node of nodes) await node.close();
      await beacon.close();
      await anvil.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function l1Genesis(excessBlobGas: number): object {
  return {
    config: { chainId: 900, terminalTotalDifficulty: 0, londonBlock: 0, shanghaiTime: 0, cancunTime: 0, pragueTime: 0 },
    nonce: "0x0",
    timestamp: `0x${Math.floor(Date.now() / 1000).toString(16)}`,
    extraData: "0x",
    gasLimit: "0xbebc200",
    difficulty: "0x0",
    mixHash: `0x${"00".repeat(32)}`,
    coinbase: `0x${"00".repeat(20)}`,
    baseFeePerGas: "0x3b9aca00",
    excessBlobGas: `0x${excessBlobGas.toString(16)}`,
    blobGasUsed: "0x0",
    alloc: {},
  };
}

const hashAt = async (node: RollupNode, number: number) => (await node.engine.payloadByNumber(number))?.blockHash;

/** Waits until both have a safe head of at least that number; the chains up to it are then block for block equal. */
export async function agreeOnSafe(a: RollupNode, b: RollupNode, atLeast: number, timeoutMs = 40_000): Promise<number> {
  const reached = (node: RollupNode) => node.engine.heads().safe.number >= atLeast;
  await until(() => reached(a) && reached(b), timeoutMs);
  const number = Math.min(a.engine.heads().safe.number, b.engine.heads().safe.number);
  for (let at = number; at >= Math.max(1, number - 30); at--) {
    const [left, right] = [await hashAt(a, at), await hashAt(b, at)];
    if (left === undefined || left !== right) throw new TypeError(`block ${at} differs: ${left} and ${right}`);
  }
  return number;
}
