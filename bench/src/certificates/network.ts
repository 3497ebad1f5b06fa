import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createKeystore, writeKeystore } from "@altlayer/mach";
import type { NodeConfigInput } from "@altlayer/rollup";
import type { MachDevnet } from "../../../packages/rollup/test/support/mach.ts";
import type { BenchChain } from "../chain.ts";
import { freePorts, waitFor } from "../program.ts";
import type { NodeStatus } from "./messages.ts";
import { type Nodes, startNodes } from "./nodes.ts";

/** What runs beside the sequencer: nothing; followers; the same followers as operators. */
export type Setting = "alone" | "followers" | "mach";

export interface NetworkOptions {
  readonly setting: Setting;
  /** Of this network alone: each one begins at genesis. */
  readonly directory: string;
  readonly l1Url: string;
  readonly chain: BenchChain;
  readonly mach: MachDevnet;
  readonly operators: number;
  /** All operators in one process. */
  readonly inProcess: boolean;
  readonly dataAvailability: "none" | "calldata";
  readonly poolSize: number;
}

export interface Network {
  readonly url: string;
  readonly sequencer: Nodes;
  readonly operators: readonly Nodes[];
  stop(): Promise<void>;
}

const PASSWORD = "bench";
/** Quick to open: the keys are worth nothing. */
const DERIVATION = { function: "pbkdf2", c: 100_000 } as const;

/** Resolves when the sequencer has caught up with the clock, all follow it, and with MACH its blocks are certified. */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { setting, chain, mach, dataAvailability } = options;
  const started: Nodes[] = [];
  const stop = async () => {
    for (const nodes of started.splice(0).reverse()) await nodes.stop();
  };
  try {
    const linked = setting !== "alone";
    const sequencerFile = await configFile(options, "sequencer", {
      rpc: { port: 0, limits: { submitQueue: options.poolSize } },
      sequencer: { confirmations: 0, ...(linked ? { signer: { kind: "file", path: chain.signerKeyFile } } : {}) },
      ...(linked ? { gossip: {}, flashblocks: { port: 0 } } : {}),
      ...(setting === "mach" ? { mach: mach.config } : {}),
      ...(dataAvailability === "none"
        ? {}
        : { batcher: { key: { kind: "file", path: chain.batcherKeyFile }, dataAvailability, maxChannelMs: 4_000 } }),
    });
    const sequencer = await startNodes([sequencerFile], { record: setting === "mach" });
    started.push(sequencer);
    const [status] = await sequencer.status();
    const files = linked ? await operatorFiles(options, status as NodeStatus) : [];
    const processes = options.inProcess ? [files] : files.map((file) => [file]);
    const operators = await Promise.all(
      processes
        .filter((each) => each.length > 0)
        .map(async (each) => {
          const nodes = await startNodes(each);
          started.push(nodes);
          return nodes;
        }),
    );
    await waitFor("all are at the sequencer's head", async () => {
      const [head] = await sequencer.status();
      const followers = (await Promise.all(operators.map((nodes) => nodes.status()))).flat();
      return head !== undefined && isReady(head, followers, options) ? true : undefined;
    });
    return { url: status?.rpc ?? "", sequencer, operators, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function isReady(sequencer: NodeStatus, followers: readonly NodeStatus[], { setting, chain }: NetworkOptions): boolean {
  const { number, timestamp } = sequencer.head;
  // Blocks carry the second that they are sealed in, or up to a block's time later.
  if (Date.now() / 1000 - timestamp > 2 * chain.rollup.blockTime) return false;
  if (followers.some(({ head, silence }) => head.number < number - 2 || silence !== null)) return false;
  return setting !== "mach" || (sequencer.certified ?? -1) >= number - 2;
}

async function operatorFiles(options: NetworkOptions, sequencer: NodeStatus): Promise<string[]> {
  const { directory, mach, setting } = options;
  const indices = Array.from({ length: options.operators }, (_, i) => i);
  const passwordFile = join(directory, "password");
  await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
  // Each knows the others before any runs: an operator signs only once it has heard most of them.
  const addresses = (await freePorts(indices.length)).map((port) => `/ip4/127.0.0.1/tcp/${port}`);
  return await Promise.all(
    indices.map(async (i) => {
      const keystore = join(directory, `operator-${i}.keystore.json`);
      if (setting === "mach") {
        await writeKeystore(keystore, await createKeystore({ seed: mach.seed(i), password: PASSWORD }, DERIVATION));
      }
      const signing: Partial<NodeConfigInput> = {
        mach: {
          ...mach.config,
          listen: [addresses[i] as string],
          peers: [...sequencer.mach, ...addresses.filter((_, other) => other !== i)],
          operator: { address: mach.operator(i).address, keystore, passwordFile, createJournal: true },
        },
      };
      return await configFile(options, `operator-${i}`, {
        rpc: null,
        gossip: { peers: [...sequencer.gossip] },
        followSlices: sequencer.slices ?? "",
        ...(setting === "mach" ? signing : {}),
      });
    }),
  );
}

/** Writes a node's configuration, and gives it a directory that holds the genesis state. */
async function configFile(options: NetworkOptions, name: string, own: Partial<NodeConfigInput>): Promise<string> {
  const { directory, l1Url, chain, poolSize } = options;
  const dataDir = join(directory, name);
  await cp(chain.engineDirectory, join(dataDir, "engine"), { recursive: true });
  const config: NodeConfigInput = {
    dataDir,
    genesisFile: chain.genesisFile,
    rollupFile: chain.rollupFile,
    logLevel: "error",
    l1: { url: l1Url, pollMs: 250, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 2 } },
    engine: { kind: "embedded", pool: { maxTransactions: poolSize, maxPerSender: poolSize } },
    ...own,
  };
  const path = join(directory, `${name}.json`);
  await writeFile(path, JSON.stringify(config));
  return path;
}
