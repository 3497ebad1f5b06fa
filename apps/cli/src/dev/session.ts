import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ForkName } from "@altlayer/protocol";
import type { Logger } from "@altlayer/rollup";
import type { TestAccount } from "./accounts.ts";
import { startAnvil } from "./anvil.ts";
import type { DataDir } from "./data-dir.ts";
import { FinalityMark } from "./finality-mark.ts";
import type { DevMachReady } from "./mach.ts";
import { ACCOUNT_COUNT, MNEMONIC } from "./mnemonic.ts";
import type { PortsOf, PortWish } from "./ports.ts";
import { onPorts } from "./ports.ts";

export interface DevOptions {
  readonly ports: {
    readonly rpc: PortWish;
    readonly l1: PortWish;
    readonly beacon: PortWish;
    readonly metrics: PortWish;
    readonly flashblocks: PortWish;
    /** Absent: no gossip. */
    readonly gossip?: PortWish;
  };
  readonly l2ChainId: number;
  readonly blockTimeSeconds: number;
  readonly l1BlockTimeSeconds: number;
  readonly newestFork: ForkName;
  readonly dataAvailability: "blobs" | "calldata" | "cheaper";
  readonly clientVersion: string;
  /** Restakes the rollup, and runs MACH with four operators in this process. */
  readonly mach: boolean;
}

type NodePorts = Omit<DevOptions["ports"], "l1" | "beacon">;

export interface DevDependencies {
  readonly dataDir: DataDir;
  readonly log: Logger;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What `altlayer dev --json` prints. */
export interface DevReady {
  readonly endpoints: {
    readonly rpc: string;
    readonly ws: string;
    readonly l1: string;
    readonly beacon: string;
    readonly metrics: string;
    readonly flashblocks: string;
    /** Multiaddress under which followers hear of unsafe blocks; null without gossip. */
    readonly gossip: string | null;
  };
  readonly chains: { readonly l1: number; readonly l2: number };
  readonly accounts: readonly TestAccount[];
  readonly addresses: Readonly<Record<string, string>>;
  readonly l2GenesisHash: string;
  readonly dataDir: string;
  readonly resumed: boolean;
  readonly clockBehindSeconds: number;
  /** Null without MACH. */
  readonly mach: DevMachReady | null;
}

export interface DevSession {
  readonly ready: DevReady;
  /** Rejects when a part that cannot be replaced has failed. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

const L1_CHAIN_ID = 31337;
/** A stop shorter than this is caught up with by empty blocks; a longer one shifts the chains' clock. */
const CATCH_UP_MAX_SECONDS = 10;

/** Boots a development L1 and a rollup on it, from the L1 up; `close` takes them down in mirror order. */
export async function startDev(options: DevOptions, dependencies: DevDependencies): Promise<DevSession> {
  const { dataDir, log, onProgress, signal } = dependencies;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const loading = loadParts(dataDir);
    onProgress("starting the L1");
    const anvil = await onPorts({ l1: options.ports.l1 }, ({ l1 }) =>
      startAnvil(
        {
          directory: dataDir.l1,
          port: l1,
          chainId: L1_CHAIN_ID,
          blockTimeSeconds: options.l1BlockTimeSeconds,
          mnemonic: MNEMONIC,
          accounts: ACCOUNT_COUNT,
          catchUpMaxSeconds: CATCH_UP_MAX_SECONDS,
        },
        { log: log.child("anvil") },
      ),
    );
    closers.push(() => anvil.stop());
    const parts = await loading;
    signal.throwIfAborted();

    const { files, resumed } = await parts.ensureChain(
      {
        directory: dataDir.root,
        l1Url: anvil.url,
        l1ChainId: L1_CHAIN_ID,
        l2ChainId: options.l2ChainId,
        blockTimeSeconds: options.blockTimeSeconds,
        newestFork: options.newestFork,
      },
      { onProgress, signal, mine: () => anvil.mine() },
    );
    const { record } = files;
    const mark = new FinalityMark({ directory: dataDir.rollup });
    await mark.require(anvil.url);
    signal.throwIfAborted();

    const rollup = parts.parseRollupConfig(files.rollupJson);
    // Loaded on demand: the bare rollup starts without it.
    const mach = options.mach
      ? await (await import("./mach.ts")).ensureDevMach(
          { directory: dataDir.root, l1Url: anvil.url, rollup, l1BlockTimeSeconds: options.l1BlockTimeSeconds },
          { mine: () => anvil.mine(), onProgress, signal, log: log.child("mach") },
        )
      : null;
    if (mach) closers.push(() => mach.close());
    signal.throwIfAborted();

    onProgress("starting the rollup");
    const clockOffsetMs = await anvil.startClock();
    const clock = new parts.SystemClock({ offsetMs: clockOffsetMs });
    // Anvil forgets a reorged block's blobs, and those of an earlier life; the archive keeps them for derivation.
    const blobs = await onPorts({ beacon: options.ports.beacon }, ({ beacon }) =>
      parts.startBeaconFacade(
        {
          l1Url: anvil.url,
          blobsUrl: anvil.url,
          addressing: "block-number",
          directory: join(dataDir.l1, "blobs"),
          port: beacon,
          startBlock: record.anchor.number,
          trustRpc: true,
        },
        { kzg: parts.kzg, clock, log: log.child("beacon") },
      ),
    );
    closers.push(() => blobs.catchUp().catch(() => {}));
    closers.push(() => blobs.close());

    const configFor = (ports: PortsOf<NodePorts>) =>
      parts.devNodeConfig({
        directory: dataDir.root,
        l1Url: anvil.url,
        beaconUrl: blobs.url,
        rpcPort: ports.rpc,
        metricsPort: ports.metrics,
        flashblocksPort: ports.flashblocks,
        ...(ports.gossip === undefined ? {} : { gossipPort: ports.gossip }),
        mach: mach?.config ?? null,
        clockOffsetMs,
        disputeGameFactory: record.addresses.DisputeGameFactoryProxy ?? "",
        dataAvailability: options.dataAvailability,
      });
    const { l1: _l1, beacon: _beacon, ...nodePorts }: DevOptions["ports"] = options.ports;
    const { node, ports } = await onPorts(nodePorts, async (ports) => {
      const node = await parts.RollupNode.start(
        {
          config: parts.parseNodeConfig(await configFor(ports)),
          rollup,
          genesisJson: files.genesisJson,
          clientVersion: options.clientVersion,
        },
        {
          openEngine: parts.openEngine,
          kzg: parts.kzg,
          clock,
          log: log.child("rollup"),
          processMetrics: parts.createProcessMetrics(),
        },
      );
      return { node, ports };
    });
    closers.push(() => node.close());
    if (mach) {
      onProgress("starting MACH's operators");
      const { genesisJson } = files;
      const operators = { genesisJson, clientVersion: options.clientVersion, beaconUrl: blobs.url };
      const { openEngine, kzg } = parts;
      closers.push(await mach.startOperators(operators, { node, openEngine, kzg, clock, log: log.child("mach") }));
    }
    const url = `http://127.0.0.1:${ports.rpc}`;
    const following = new AbortController();
    const followed = mark.follow(url, following.signal);
    closers.push(async () => {
      following.abort();
      await followed;
      await mark.save(url).catch(() => {});
    });

    return {
      ready: {
        endpoints: {
          rpc: url,
          ws: `ws://127.0.0.1:${ports.rpc}`,
          l1: anvil.url,
          beacon: blobs.url,
          metrics: `http://127.0.0.1:${ports.metrics}/metrics`,
          flashblocks: `ws://127.0.0.1:${ports.flashblocks}`,
          gossip: node.gossip?.node.addresses[0] ?? null,
        },
        chains: { l1: L1_CHAIN_ID, l2: record.l2ChainId },
        accounts: parts.userAccounts(),
        addresses: record.addresses,
        l2GenesisHash: record.l2GenesisHash,
        dataDir: dataDir.root,
        resumed,
        clockBehindSeconds: Math.round(Math.max(0, -clockOffsetMs) / 1000),
        mach: mach?.ready ?? null,
      },
      failed: anvil.failed,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Loads the rollup's code, which takes longer than anvil's start, and for a new chain the deployer's; the caller starts
 * the L1 meanwhile.
 */
function loadParts(dataDir: DataDir) {
  const loading = import("./parts.ts");
  // Whoever awaits the result hears of the failure; until then it must not count as unhandled.
  loading.catch(() => {});
  if (!existsSync(dataDir.chain)) void import("./new-chain.ts").catch(() => {});
  return loading;
}
