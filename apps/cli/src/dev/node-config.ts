import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { NodeConfigInput } from "@altlayer/rollup";
import { GENESIS_FILE, ROLLUP_FILE } from "../chain/record.ts";
import { roleAccounts } from "./accounts.ts";
import { readIfThere, writeDurably } from "./durable.ts";
import type { Role } from "./mnemonic.ts";

export interface DevNodeOptions {
  /** Of the chain's files; the node's own data lies in `rollup` below it. */
  readonly directory: string;
  readonly l1Url: string;
  readonly beaconUrl: string;
  readonly rpcPort: number;
  readonly metricsPort: number;
  readonly flashblocksPort: number;
  /** Absent: no gossip. */
  readonly gossipPort?: number;
  readonly mach: NodeConfigInput["mach"] | null;
  readonly clockOffsetMs: number;
  readonly disputeGameFactory: string;
  readonly dataAvailability: "blobs" | "calldata" | "cheaper";
}

/** Everything at the pace of a person who waits: batches and games every few seconds. */
const BATCH_EVERY_MS = 4_000;
const PROPOSE_EVERY_MS = 6_000;
const BALANCES_EVERY_MS = 5_000;
const POLL_MS = 250;
const L1_CONFIRMATIONS = 1;

/** The configuration of a development rollup's node, in the terms of `altlayer node`, with its keys written to files. */
export async function devNodeConfig(options: DevNodeOptions): Promise<NodeConfigInput> {
  const keys = await writeKeys(join(options.directory, "keys"));
  return {
    dataDir: join(options.directory, "rollup"),
    genesisFile: join(options.directory, GENESIS_FILE),
    rollupFile: join(options.directory, ROLLUP_FILE),
    clockOffsetMs: options.clockOffsetMs,
    l1: {
      url: options.l1Url,
      // Our own anvil on this machine: recomputing its hashes would only cost time.
      trustRpc: true,
      pollMs: POLL_MS,
      beacon: { urls: [options.beaconUrl], addressing: "slot" },
    },
    engine: { kind: "embedded", history: "archive" },
    rpc: { host: "127.0.0.1", port: options.rpcPort },
    metrics: { host: "127.0.0.1", port: options.metricsPort, balancePollMs: BALANCES_EVERY_MS },
    flashblocks: { host: "127.0.0.1", port: options.flashblocksPort },
    sequencer: { confirmations: L1_CONFIRMATIONS, signer: keys.unsafeBlockSigner },
    ...gossipOf(options),
    ...(options.mach ? { mach: options.mach } : {}),
    batcher: {
      key: keys.batcher,
      dataAvailability: options.dataAvailability,
      maxChannelMs: BATCH_EVERY_MS,
      pollMs: POLL_MS,
    },
    proposer: {
      key: keys.proposer,
      disputeGameFactory: options.disputeGameFactory,
      intervalMs: PROPOSE_EVERY_MS,
      allowUnfinalized: true,
      pollMs: POLL_MS * 2,
    },
  };
}

/** By wish, or for operators that follow. */
function gossipOf({ gossipPort, mach }: DevNodeOptions): Pick<NodeConfigInput, "gossip"> {
  if (gossipPort === undefined && !mach) return {};
  return { gossip: { listen: [`/ip4/127.0.0.1/tcp/${gossipPort ?? 0}`] } };
}

async function writeKeys(directory: string): Promise<Record<Role, { kind: "file"; path: string }>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const references: [Role, { kind: "file"; path: string }][] = [];
  for (const [role, { privateKey }] of Object.entries(roleAccounts())) {
    const path = join(directory, role);
    const content = `${privateKey}\n`;
    if ((await readIfThere(path)) !== content) await writeDurably(path, content);
    references.push([role as Role, { kind: "file", path }]);
  }
  return Object.fromEntries(references) as Record<Role, { kind: "file"; path: string }>;
}
