import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bn254 } from "@altlayer/engine";
import {
  altNeeded,
  developmentTerms,
  devOperator,
  ensureRestaking,
  Keeper,
  type MachServiceFile,
  type RollupTiming,
  serviceFileJson,
} from "@altlayer/restaking";
import { type Logger, localAccount } from "@altlayer/rollup";
import {
  concat,
  createPublicClient,
  createWalletClient,
  type Hex,
  hexToBytes,
  http,
  keccak256,
  type PublicClient,
  parseAbi,
  stringToHex,
} from "viem";
import type { Network, Networks } from "../networks.ts";
import { readRollupConfig } from "../runtime/chain-files.ts";
import type { MachRun } from "../runtime/runtime.ts";
import type { KeyStore } from "../secrets/key-store.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import { type Foundations, fundAccounts, SENDING, timingOf } from "./foundations.ts";
import { l1AccessOf, mineBlock } from "./l1-access.ts";
import { type LaunchDependencies, MAX_SEQUENCER_DRIFT_SECONDS } from "./launch.ts";
import { addressesOf, contractsResult, genesisResult } from "./results.ts";
import type { StepContext } from "./step.ts";

/** After the first table's block: anvil's finalized block is two below its head. */
const FINALITY_BLOCKS = 2;
/** From a service's start until its first table is final: the next block, the table's, and those that make it final. */
const FIRST_TABLE_BLOCKS = 2 + FINALITY_BLOCKS;
const POLL_MS = 20;
const START_BLOCK = parseAbi(["function startBlock() view returns (uint256)"]);

/** Whether this spec gets a service there. */
export function isRestaked(spec: RollupSpec, network: Network): boolean {
  return spec.services.mach.restaking !== "off" && network.development;
}

/** The rollup's service on the network's core: contracts, and operators with stake and keys; started. */
export function restake(dependencies: LaunchDependencies & { readonly foundations: Foundations }) {
  const { networks, keys, outbox, directoryOf, foundations } = dependencies;
  return async ({ rollup, spec, lease, result, detail, signal }: StepContext): Promise<unknown> => {
    const network = await networks.check(rollup.networkId);
    if (!isRestaked(spec, network)) return { service: null, operators: [] };
    await keys.ensure(lease, rollup.id, ["restaking"]);
    const { creator, operators, keeper } = keysOf(await keys.privateKey(rollup.id, "restaking"), spec);
    await fundAccounts([creator, keeper, ...operators], network, networks);
    const others = [creator, ...operators].map((key) => localAccount(key));
    const access = { network, rollupId: rollup.id, account: localAccount(keeper), others };
    const { publicClient } = l1AccessOf(access, { outbox, notice: detail });
    const timing = timingOf(network);
    const own = rollup.kind === "attached" ? await timingIn(directoryOf(rollup.id), network) : timing;
    detail("restaking core, ALT and factory");
    const amount = altNeeded(developmentTerms(timing), operators.length);
    const to = localAccount(creator).address;
    const foundation = await foundations.ensure({ network, rollupId: rollup.id, signal }, { to, amount });
    signal.throwIfAborted();
    detail(`service with ${operators.length} operators`);
    const restaking = await ensureRestaking(
      {
        directory: join(directoryOf(rollup.id), "restaking"),
        rollup: {
          systemConfig: addressesOf(contractsResult.parse(result("contracts"))).SystemConfigProxy,
          l2ChainId: BigInt(spec.chain.chainId),
          l2GenesisHash: genesisResult.parse(result("genesis")).l2GenesisHash,
        },
        timing: own,
        deployerKey: creator,
        operatorKeys: operators,
        core: foundation,
      },
      { publicClient, bn254, sending: SENDING },
    );
    return {
      service: JSON.parse(serviceFileJson(restaking.service)) as unknown,
      operators: restaking.operators.map((operator) => operator.address.toLowerCase()),
    };
  };
}

/**
 * Brings a new service's first table to the L1 and makes it final there, which a development L1 does at once: without it
 * nothing is certified. Its operators may start meanwhile. Does nothing for a service that is older.
 */
export async function settleFirstTable(
  { service, keeper }: MachRun,
  { network, log }: { readonly network: Network; readonly log: Logger },
): Promise<void> {
  const transport = http(network.rpcUrl);
  const publicClient = createPublicClient({ transport, pollingInterval: POLL_MS, cacheTime: 0 });
  const clients = {
    publicClient,
    walletClient: createWalletClient({ account: localAccount(keeper), transport }),
  };
  const startBlock = await publicClient.readContract({
    address: service.suite.table,
    abi: START_BLOCK,
    functionName: "startBlock",
  });
  const head = async () => Number(await publicClient.getBlockNumber());
  if ((await head()) >= Number(startBlock) + FIRST_TABLE_BLOCKS) return;
  if ((await head()) <= Number(startBlock)) await mineBlock(network, publicClient);
  const committing = new Keeper(service, { clients, log: log.child("keeper") }).tick(await head());
  await mineWhile(committing, { network, publicClient });
  while ((await head()) < Number(startBlock) + FIRST_TABLE_BLOCKS) await mineBlock(network, publicClient);
}

/** Until the work is done, makes a block whenever a transaction waits. */
async function mineWhile(
  work: Promise<unknown>,
  { network, publicClient }: { readonly network: Network; readonly publicClient: PublicClient },
): Promise<void> {
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  finished.catch(() => {});
  while (!done) {
    const { pending } = (await publicClient.request({ method: "txpool_status" } as never)) as { readonly pending: Hex };
    if (Number(pending) > 0) await mineBlock(network, publicClient);
    await Promise.race([sleep(POLL_MS), finished.catch(() => {})]);
  }
  await finished;
}

/** What a node needs to run the operators of a service; null without one. */
export async function machRunOf(
  service: MachServiceFile | null,
  {
    rollup,
    spec,
    network,
    keys,
    networks,
    startedBefore,
  }: Pick<StepContext, "rollup" | "spec"> & {
    readonly network: Network;
    readonly keys: KeyStore;
    readonly networks: Networks;
    readonly startedBefore: boolean;
  },
): Promise<MachRun | null> {
  if (service === null) return null;
  const secret = await keys.privateKey(rollup.id, "restaking");
  const { keeper } = keysOf(secret, spec);
  await fundAccounts([keeper], network, networks);
  return {
    service,
    keeper,
    startedBefore,
    operators: operatorsOf(service, { secret, spec }).map(({ address, blsSecret }) => ({
      address: address.toLowerCase() as Hex,
      secret: hexToBytes(blsSecret),
    })),
  };
}

/** Operators of a service with the seeds of their BLS keys, for whoever takes them along. */
export function operatorsOf(
  service: MachServiceFile,
  { secret, spec }: { readonly secret: Hex; readonly spec: RollupSpec },
) {
  const set = { l1ChainId: service.l1ChainId, avs: service.suite.registrar, operatorSetId: 0 };
  return keysOf(secret, spec).operators.map((key) => devOperator(key, set, bn254));
}

/** The accounts of a service, from the one secret that is stored: creator, keeper, operators. */
export function keysOf(secret: Hex, spec: RollupSpec) {
  const derive = (name: string) => keccak256(concat([stringToHex(`altlayer restaking ${name} `), secret]));
  return {
    creator: secret,
    keeper: derive("keeper"),
    operators: Array.from({ length: spec.services.mach.operators }, (_, i) => derive(`operator ${i}`)),
  };
}

/** Of a chain that others launched, from its rollup.json. Since Fjord the drift is the protocol's, whatever that says. */
async function timingIn(directory: string, { blockTimeSeconds }: Network): Promise<RollupTiming> {
  const { seqWindowSize, maxSequencerDrift } = await readRollupConfig(directory);
  return {
    sequencingWindow: seqWindowSize,
    maxSequencerDrift: Math.max(maxSequencerDrift, MAX_SEQUENCER_DRIFT_SECONDS),
    l1BlockTime: blockTimeSeconds,
  };
}
