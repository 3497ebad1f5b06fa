import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bn254 } from "@altlayer/engine";
import { serviceNames, startEvidenceWatch, startOperators } from "@altlayer/raas";
import { ensureRestaking, Keeper } from "@altlayer/restaking";
import type {
  Clock,
  Logger,
  NodeConfigInput,
  RollupNode,
  RollupNodeDependencies,
  RollupNodeOptions,
} from "@altlayer/rollup";
import { createPublicClient, createWalletClient, getAddress, http, type PublicClient } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { hexToBytes } from "viem/utils";
import { rpc } from "../rpc.ts";
import { machAccounts, roleAccounts, userAccounts } from "./accounts.ts";

type Hex = `0x${string}`;

export interface DevMachOptions {
  /** Of the chain's files. */
  readonly directory: string;
  readonly l1Url: string;
  readonly rollup: RollupNodeOptions["rollup"];
  readonly l1BlockTimeSeconds: number;
}

/** What `altlayer dev --json` says of MACH. */
export interface DevMachReady {
  /** Addresses of the service; `altlayer operator` and `altlayer stake` take it. */
  readonly file: string;
  readonly avs: string;
  readonly table: string;
  readonly verifier: string;
  readonly operators: readonly string[];
}

/** A restaked service on the development L1, before its operators run. */
export interface DevMach {
  readonly ready: DevMachReady;
  /** As the session's own node is told of it. */
  readonly config: NonNullable<NodeConfigInput["mach"]>;
  /** Runs four operators in this process, each a follower with an engine of its own, beside a node that sequences. */
  startOperators(
    options: { readonly genesisJson: string; readonly clientVersion: string; readonly beaconUrl: string },
    dependencies: {
      readonly node: RollupNode;
      readonly clock: Clock;
      readonly log: Logger;
    } & Pick<RollupNodeDependencies, "openEngine" | "kzg">,
  ): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const POLL_MS = 50;
const KEEPER_POLL_MS = 250;
const L1_POLL_MS = 250;
const KEEPER_WEI = 10n ** 20n;
/** L1 blocks from the service's start until its first base is final: anvil's finalized block is two below its head. */
const FINALITY_BLOCKS = 3;
/** Blocks that a start makes at most: each holds what was sent meanwhile. */
const MAX_BLOCKS = 64;

/**
 * The restaking core, ALT, the MACH service of the rollup with four operators, and a keeper that commits its tables. A new
 * service starts with a first table that is final, so that certificates need not wait for L1 blocks.
 */
export async function ensureDevMach(
  options: DevMachOptions,
  dependencies: {
    /** Makes an L1 block of what was sent: the L1's clock does not run yet. */
    readonly mine: () => Promise<void>;
    readonly onProgress: (text: string) => void;
    readonly signal: AbortSignal;
    readonly log: Logger;
  },
): Promise<DevMach> {
  const { rollup, directory, l1Url } = options;
  const { mine, log } = dependencies;
  const transport = http(l1Url, { retryCount: 3 });
  const publicClient = createPublicClient({ transport, pollingInterval: POLL_MS, cacheTime: 0 }) as PublicClient;
  const { keeper: keeperKey, operators: operatorKeys } = machAccounts();
  const identity = rollupIdentity(rollup);
  const restaking = await whileMining(
    ensureRestaking(
      {
        directory,
        rollup: { ...identity, l2ChainId: BigInt(identity.l2ChainId) },
        timing: {
          sequencingWindow: rollup.seqWindowSize,
          maxSequencerDrift: 1_800,
          l1BlockTime: options.l1BlockTimeSeconds,
        },
        deployerKey: roleAccounts().owner.privateKey,
        operatorKeys,
        // Somebody whose key is printed: ether makes WETH, and nothing makes ALT.
        holders: [getAddress(userAccounts()[0]!.address)],
        nominate: true,
      },
      { publicClient, bn254, onProgress: dependencies.onProgress },
    ),
    { l1Url, mine },
  );
  const { service } = restaking;
  const keeperAccount = privateKeyToAccount(keeperKey);
  if ((await publicClient.getBalance({ address: keeperAccount.address })) === 0n) {
    await rpc(l1Url, "anvil_setBalance", [keeperAccount.address, `0x${KEEPER_WEI.toString(16)}`]);
  }
  const walletClient = createWalletClient({ account: keeperAccount, transport });
  // The node that sequences asks the operators, once they run.
  let reporter: RollupNode | null = null;
  const keeper = new Keeper(
    service,
    {
      clients: { publicClient, walletClient },
      log: log.child("keeper"),
      reports: async (epochs) => (await reporter?.mach?.service.report(epochs)) ?? null,
    },
    { pollMs: KEEPER_POLL_MS },
  );
  if (!restaking.resumed) {
    for (let block = 0; block < FINALITY_BLOCKS; block++) {
      await mine();
      if (block === 0) await whileMining(keeper.tick(Number(await publicClient.getBlockNumber())), { l1Url, mine });
    }
  }
  keeper.start();
  const lower = (address: string) => address.toLowerCase() as Hex;
  const names = serviceNames(service);
  return {
    ready: { file: restaking.file, ...names, operators: restaking.operators.map(({ address }) => lower(address)) },
    config: names,
    startOperators: async ({ beaconUrl, ...node }, parts) => {
      const nodes = await startOperators(
        {
          ...node,
          rollup,
          service,
          directory: join(directory, "operators"),
          operators: restaking.operators.map(({ address, blsSecret }) => ({
            address: lower(address),
            secret: hexToBytes(blsSecret),
          })),
          l1: { url: l1Url, trustRpc: true, pollMs: L1_POLL_MS, beacon: { urls: [beaconUrl], addressing: "slot" } },
        },
        parts,
      );
      reporter = parts.node;
      // An operator's node hears of the others' shares: two hear of everybody's.
      const stopWatch = await startEvidenceWatch(
        { service, nodes: nodes.slice(0, 2) },
        { clients: { publicClient, walletClient }, log: log.child("evidence") },
      );
      return async () => {
        reporter = null;
        await stopWatch();
        await Promise.all(nodes.map((each) => each.close()));
      };
    },
    close: () => keeper.close(),
  };
}

function rollupIdentity(rollup: RollupNodeOptions["rollup"]) {
  return {
    systemConfig: rollup.l1SystemConfigAddress,
    l2ChainId: rollup.l2ChainId,
    l2GenesisHash: rollup.genesis.l2.hash,
  };
}

/** Until the work is done, makes a block whenever something was sent and nothing more comes. */
async function whileMining<T>(
  work: Promise<T>,
  { l1Url, mine }: { readonly l1Url: string; readonly mine: () => Promise<void> },
): Promise<T> {
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  finished.catch(() => {});
  let before = 0;
  for (let blocks = 0; !done && blocks < MAX_BLOCKS; ) {
    const { pending } = await rpc<{ pending: Hex }>(l1Url, "txpool_status", []);
    const count = Number(pending);
    if (count > 0 && count === before) {
      await mine();
      blocks++;
    }
    before = count;
    await Promise.race([sleep(POLL_MS / 2), finished.catch(() => {})]);
  }
  return finished;
}
