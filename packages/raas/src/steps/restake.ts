import { join } from "node:path";
import { bn254 } from "@altlayer/engine";
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
import { concat, type Hex, hexToBytes, keccak256, numberToHex, stringToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { RaasError } from "../errors.ts";
import type { Network, Networks } from "../networks.ts";
import type { MachRun } from "../runtime/runtime.ts";
import type { KeyStore } from "../secrets/key-store.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import { l1AccessOf, mineBlock } from "./l1-access.ts";
import type { LaunchDependencies } from "./launch.ts";
import { MAX_SEQUENCER_DRIFT_SECONDS, SEQUENCING_WINDOW_DEVELOPMENT_BLOCKS } from "./launch.ts";
import { addressesOf, contractsResult, genesisResult } from "./results.ts";
import type { StepContext } from "./step.ts";

const BALANCE_WEI = 10n ** 21n;
/** Transactions are signed and stored one by one: a burst has longer pauses than the deployer's. */
const BURST_END_MS = 100;
/** After the first table's block: anvil's finalized block is two below its head. */
const FINALITY_BLOCKS = 2;
/** Deploys what all services of a development network share. Public, as all of such a network is. */
const FOUNDATION_KEY = keccak256(stringToHex("altlayer platform: restaking of a development network"));

/** Whether this spec gets a service there. */
export function isRestaked(spec: RollupSpec, network: Network): boolean {
  return spec.services.mach.restaking !== "off" && network.development;
}

/**
 * The rollup's service on the network's core: contracts, operators with stake and keys, started, and with a first table
 * that is final. What all rollups share is deployed by the first that needs it.
 */
export function restake(dependencies: LaunchDependencies & { readonly networksDirectory: string }) {
  const { networks, keys, outbox, directoryOf, networksDirectory, log } = dependencies;
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
    const { publicClient, walletClient } = l1AccessOf(
      { network, rollupId: rollup.id, account, burstEndMs: BURST_END_MS },
      { outbox },
    );
    const timing = timingOf(network);
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
        timing,
        deployerKey: creator,
        operatorKeys: operators,
        core: foundation,
      },
      { publicClient, bn254 },
    );
    if (!restaking.resumed) {
      detail("first operator table");
      await mineBlock(network, publicClient);
      const clients = { publicClient, walletClient };
      const upkeep = new Keeper(restaking.service, { clients, log: log.child("keeper") });
      await upkeep.tick(Number(await publicClient.getBlockNumber()));
      for (let block = 0; block < FINALITY_BLOCKS; block++) await mineBlock(network, publicClient);
    }
    return {
      service: JSON.parse(serviceFileJson(restaking.service)) as unknown,
      operators: restaking.operators.map((operator) => operator.address.toLowerCase()),
    };
  };
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
  }: Pick<StepContext, "rollup" | "spec"> & {
    readonly network: Network;
    readonly keys: KeyStore;
    readonly networks: Networks;
  },
): Promise<MachRun | null> {
  if (service === null) return null;
  const { operators, keeper } = keysOf(await keys.privateKey(rollup.id, "restaking"), spec);
  await fund([keeper], network, networks);
  const set = { l1ChainId: service.l1ChainId, avs: service.suite.registrar, operatorSetId: 0 };
  return {
    service,
    keeper: privateKeyToAccount(keeper),
    operators: operators.map((key) => {
      const { address, blsSecret } = devOperator(key, set, bn254);
      return { address: address.toLowerCase() as Hex, secret: hexToBytes(blsSecret) };
    }),
  };
}

/** The accounts of a service, from the one secret that is stored. */
function keysOf(secret: Hex, spec: RollupSpec) {
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

function timingOf({ blockTimeSeconds }: Network): RollupTiming {
  return {
    sequencingWindow: SEQUENCING_WINDOW_DEVELOPMENT_BLOCKS,
    maxSequencerDrift: MAX_SEQUENCER_DRIFT_SECONDS,
    l1BlockTime: blockTimeSeconds,
  };
}
