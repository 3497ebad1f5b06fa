import { join } from "node:path";
import { installSnapshot, kzg, openEngine } from "@altlayer/engine";
import { parseRollupConfig } from "@altlayer/protocol";
import { type Logger, type NodeConfigInput, parseNodeConfig, RollupNode, SystemClock } from "@altlayer/rollup";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Network } from "../networks.ts";
import type { ChainFiles } from "../runtime/chain-files.ts";
import type { SnapshotStart } from "../runtime/runtime.ts";

const POLL_MS = 200;

/** Of a copy that makes blocks of its own. */
export interface CopyProducer {
  /** Must be what the copy of the L1 names. */
  readonly batcher: PrivateKeyAccount;
}

const CHANNEL_MS = 2_000;

/**
 * A follower of the chain that began from a snapshot, with a directory of its own: no keys, no sequencer, no peers. It
 * knows what the L1 at `l1Url` tells it and nothing else. With `producer` it also makes blocks, and brings them to that L1.
 */
export async function startCopy(
  options: {
    readonly directory: string;
    readonly snapshot: SnapshotStart;
    readonly files: ChainFiles;
    readonly network: Network;
    readonly l1Url: string;
    /** The L1 is a process of ours on this machine. */
    readonly trustL1: boolean;
    readonly producer?: CopyProducer;
  },
  { log }: { readonly log: Logger },
): Promise<RollupNode> {
  const { directory, snapshot, files, network, l1Url, trustL1, producer } = options;
  const config: NodeConfigInput = {
    dataDir: join(directory, "node"),
    genesisFile: "-",
    rollupFile: "-",
    clockOffsetMs: network.clockOffsetMs,
    l1: {
      url: l1Url,
      trustRpc: trustL1,
      pollMs: POLL_MS,
      ...(network.beaconUrl === undefined ? {} : { beacon: { urls: [network.beaconUrl], addressing: "slot" } }),
    },
    rpc: { host: "127.0.0.1", port: 0 },
    snapshot,
    ...(producer === undefined
      ? {}
      : {
          sequencer: { confirmations: 1 },
          batcher: {
            key: { kind: "provided", name: "batcher" },
            dataAvailability: "calldata",
            maxChannelMs: CHANNEL_MS,
            pollMs: POLL_MS,
          },
        }),
  };
  return await RollupNode.start(
    {
      config: parseNodeConfig(config),
      rollup: parseRollupConfig(files.rollupJson),
      genesisJson: files.genesisJson,
      clientVersion: "drill",
    },
    {
      openEngine,
      installSnapshot,
      kzg,
      clock: new SystemClock({ offsetMs: network.clockOffsetMs }),
      log,
      ...(producer === undefined ? {} : { providedAccount: async () => producer.batcher }),
    },
  );
}
