import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bn254 } from "@altlayer/engine";
import { parseRollupConfig } from "@altlayer/protocol";
import {
  altNeeded,
  developmentTerms,
  devOperator,
  ensureFoundation,
  ensureRestaking,
  type Foundation,
  grantAlt,
  Keeper,
  type MachServiceFile,
  type RollupTiming,
  serviceFileJson,
} from "@altlayer/restaking";
import type { Logger } from "@altlayer/rollup";
import {
  concat,
  createPublicClient,
  createWalletClient,
  type Hex,
  hexToBytes,
  http,
  keccak256,
  numberToHex,
  type PublicClient,
  parseAbi,
  stringToHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { RaasError } from "../errors.ts";
import type { Network, Networks } from "../networks.ts";
import { readChainFiles } from "../runtime/chain-files.ts";
import type { MachRun } from "../runtime/runtime.ts";
import type { KeyStore } from "../secrets/key-store.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import { l1AccessOf, mineBlock } from "./l1-access.ts";
import type { LaunchDependencies } from "./launch.ts";
import { MAX_SEQUENCER_DRIFT_SECONDS, SEQUENCING_WINDOW_DEVELOPMENT_BLOCKS } from "./launch.ts";
import { addressesOf, contractsResult, genesisResult } from "./results.ts";
import type { StepContext } from "./step.ts";

const BALANCE_WEI = 10n ** 21n;
/** After the first table's block: anvil's finalized block is two below its head. */
const FINALITY_BLOCKS = 2;
/** From a service's start until its first table is final: the next block, the table's, and those that make it final. */
const FIRST_TABLE_BLOCKS = 2 + FINALITY_BLOCKS;
const POLL_MS = 20;
const START_BLOCK = parseAbi(["function startBlock() view returns (uint256)"]);
/** Deploys what all services of a development network share. Public, as all of such a network is. */
const FOUNDATION_KEY = keccak256(stringToHex("altlayer platform: restaking of a development network"));

/** Whether this spec gets a service there. */
export function isRestaked(spec: RollupSpec, network: Network): boolean {
  return spec.services.mach.restaking !== "off" && network.development;
}

/**
 * The rollup's service on the network's core: contracts, and operators with stake and keys; started. What all rollups
 * share is deployed by the first that needs it.
 */
export function restake(dependencies: LaunchDependencies & { readonly networksDirectory: string }) {
  const { networks, keys, outbox, directoryOf, networksDirectory } = dependencies;
  /** The foundation's account is one for all rollups of a network: they take turns. */
  const turns = new Map<string, Promise<unknown>>();
  const inTurn = <T>(id: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(id) ?? Promise.resolve()).then(work, work);
    turns.set(
      id,
      turn.catch(() => {}),
    );
    return turn;
  };
  return async ({ rollup, spec, lease, result, detail, signal }: StepContext): Promise<unknown> => {
    const network = await networks.check(rollup.networkId);
    if (!isRestaked(spec, network)) return { service: null, operators: [] };
    await keys.ensure(lease, rollup.id, ["restaking"]);
    const { creator, operators, keeper } = keysOf(await keys.privateKey(rollup.id, "restaking"), spec);
    await fund([FOUNDATION_KEY, creator, keeper, ...operators], network, networks);
    const account = privateKeyToAccount(keeper);
    const others = [FOUNDATION_KEY, creator, ...operators].map((key) => privateKeyToAccount(key));
    const { publicClient } = l1AccessOf({ network, rollupId: rollup.id, account, others }, { outbox, notice: detail });
    const timing = timingOf(network);
    const own = rollup.kind === "attached" ? await timingIn(directoryOf(rollup.id), network) : timing;
    const to = privateKeyToAccount(creator).address;
    const foundation = await inTurn(network.id, async (): Promise<Foundation> => {
      signal.throwIfAborted();
      detail("restaking core, ALT and factory");
      const directory = join(networksDirectory, network.id);
      const made = await ensureFoundation({ directory, timing, deployerKey: FOUNDATION_KEY }, publicClient);
      // Whoever has begun was given it.
      if ((await publicClient.getTransactionCount({ address: to, blockTag: "pending" })) === 0) {
        const amount = altNeeded(developmentTerms(timing), operators.length);
        await grantAlt({ foundation: made, deployerKey: FOUNDATION_KEY, to, amount }, publicClient);
      }
      return made;
    });
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
      { publicClient, bn254 },
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
    walletClient: createWalletClient({ account: privateKeyToAccount(keeper), transport }),
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
  await fund([keeper], network, networks);
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

async function fund(keys: readonly Hex[], network: Network, networks: Networks): Promise<void> {
  if (!network.development) throw new RaasError("INTERNAL", `${network.name} gives no ether`);
  await Promise.all(
    keys.map(async (key) => {
      const { address } = privateKeyToAccount(key);
      const held = BigInt(await networks.request<Hex>(network.id, "eth_getBalance", [address, "latest"]));
      if (held >= BALANCE_WEI / 2n) return;
      await networks.request(network.id, "anvil_setBalance", [address, numberToHex(BALANCE_WEI)]);
    }),
  );
}

/** Of a chain that others launched, from its rollup.json. Since Fjord the drift is the protocol's, whatever that says. */
async function timingIn(directory: string, { blockTimeSeconds }: Network): Promise<RollupTiming> {
  const { rollupJson } = await readChainFiles(directory);
  const { seqWindowSize, maxSequencerDrift } = parseRollupConfig(rollupJson);
  return {
    sequencingWindow: seqWindowSize,
    maxSequencerDrift: Math.max(maxSequencerDrift, MAX_SEQUENCER_DRIFT_SECONDS),
    l1BlockTime: blockTimeSeconds,
  };
}

function timingOf({ blockTimeSeconds }: Network): RollupTiming {
  return {
    sequencingWindow: SEQUENCING_WINDOW_DEVELOPMENT_BLOCKS,
    maxSequencerDrift: MAX_SEQUENCER_DRIFT_SECONDS,
    l1BlockTime: blockTimeSeconds,
  };
}
