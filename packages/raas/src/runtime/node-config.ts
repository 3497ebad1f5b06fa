import { createHash } from "node:crypto";
import { join } from "node:path";
import type { NodeConfigInput } from "@altlayer/rollup";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import type { Ports } from "../store/rollup-records.ts";
import { GENESIS_FILE, ROLLUP_FILE } from "./chain-files.ts";
import { serviceNames } from "./operators.ts";
import type { RunRequest } from "./runtime.ts";

const POLL_DEVELOPMENT_MS = 250;
const POLL_MS = 2_000;
const HISTORY_BLOCKS = 90_000;

/** What the node of a rollup is told, in the terms of `altlayer node`. Keys are named; the runtime provides them. */
export function nodeConfigOf(
  request: Omit<RunRequest, "logLine" | "privateKey" | "id" | "group" | "settings">,
  ports: Ports,
): NodeConfigInput {
  const { spec, network, directory, follow } = request;
  const { development } = network;
  const pollMs = development ? POLL_DEVELOPMENT_MS : POLL_MS;
  return {
    dataDir: join(directory, "node"),
    genesisFile: join(directory, GENESIS_FILE),
    rollupFile: join(directory, ROLLUP_FILE),
    clockOffsetMs: network.clockOffsetMs,
    l1: {
      url: network.rpcUrl,
      // A development L1 is our own process on this machine: recomputing its hashes would only cost time.
      trustRpc: development,
      pollMs,
      ...(network.beaconUrl === undefined ? {} : { beacon: { urls: [network.beaconUrl], addressing: "slot" } }),
    },
    ...(request.snapshot === null ? {} : { snapshot: request.snapshot }),
    engine: { kind: "embedded", history: development ? "archive" : HISTORY_BLOCKS },
    rpc: { host: "127.0.0.1", port: ports.rpc, corsOrigins: [...spec.access.corsOrigins] },
    // Operators hear of blocks by gossip.
    ...(request.mach === null
      ? {}
      : {
          gossip: { listen: ["/ip4/127.0.0.1/tcp/0"], peers: [...(follow?.peers ?? [])] },
          mach: serviceNames(request.mach.service),
        }),
    ...(follow === undefined ? sequencingOf(request, ports) : {}),
  };
}

/** What a node has that makes the chain, and brings it to the L1. */
function sequencingOf(
  { spec, network, disputeGameFactory }: Pick<RunRequest, "spec" | "network" | "disputeGameFactory">,
  ports: Ports,
): Partial<NodeConfigInput> {
  const { development } = network;
  const pollMs = development ? POLL_DEVELOPMENT_MS : POLL_MS;
  return {
    flashblocks: { host: "127.0.0.1", port: ports.flashblocks },
    sequencer: {
      sliceMs: spec.execution.sliceMs,
      idleMs: spec.execution.idleSeconds * 1_000,
      ...(development ? { confirmations: 1 } : {}),
      signer: { kind: "provided", name: "sequencer" },
    },
    batcher: {
      key: { kind: "provided", name: "batcher" },
      dataAvailability: network.beaconUrl === undefined ? "calldata" : spec.dataAvailability.kind,
      maxChannelMs: spec.dataAvailability.maxBatchDelaySeconds * 1_000,
      pollMs: pollMs * 2,
    },
    proposer: {
      key: { kind: "provided", name: "proposer" },
      disputeGameFactory,
      intervalMs: spec.proposals.intervalSeconds * 1_000,
      allowUnfinalized: development,
      pollMs: pollMs * 4,
    },
  };
}

/** Identifies all that a change of the spec restarts the node for. */
export function settingsOf({ execution, forks, dataAvailability, proposals, access, services }: RollupSpec): string {
  const { sliceMs, idleSeconds } = execution;
  const settings = [sliceMs, idleSeconds, forks, dataAvailability, proposals, access.corsOrigins, services];
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
}
