import { rm } from "node:fs/promises";
import { join } from "node:path";
import { buildChainFiles, deployL1Contracts } from "@altlayer/deployer";
import type { Logger } from "@altlayer/rollup";
import { writeDurably } from "@altlayer/rollup";
import { numberToHex } from "viem";
import { RaasError } from "../errors.ts";
import { laterForksOf } from "../forks/schedule.ts";
import type { Network, Networks } from "../networks.ts";
import { GENESIS_FILE, ROLLUP_FILE } from "../runtime/chain-files.ts";
import type { KeyStore, Role, RoleAccount } from "../secrets/key-store.ts";
import type { Hex } from "../spec/primitives.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import type { Outbox } from "../store/outbox.ts";
import { l1AccessOf } from "./l1-access.ts";
import { parametersOf } from "./parameters.ts";
import { addressesOf, contractsResult, keysResult } from "./results.ts";
import type { StepContext } from "./step.ts";

export interface LaunchDependencies {
  readonly networks: Networks;
  readonly keys: KeyStore;
  readonly outbox: Outbox;
  readonly directoryOf: (rollupId: string) => string;
  readonly log: Logger;
}

const ETHER = 10n ** 18n;
const FUNDED_ROLES: readonly Role[] = ["deployer", "batcher", "proposer", "challenger"];
const DEVELOPMENT_BALANCE_WEI = 1_000n * ETHER;
/** On the rollup, of a development network's faucet. */
const FAUCET_WEI = 1_000_000n * ETHER;
/** Twice what a deployment uses. */
const DEPLOYMENT_GAS = 80_000_000n;
export const MAX_SEQUENCER_DRIFT_SECONDS = 1_800;
const CHANNEL_TIMEOUT_BLOCKS = 50;
/** Seconds in which a batch must appear on the L1. */
const SEQUENCING_WINDOW_SECONDS = 43_200;
export const SEQUENCING_WINDOW_DEVELOPMENT_BLOCKS = 3_600;

export const makeKeys =
  ({ keys, networks }: LaunchDependencies) =>
  async ({ rollup, lease }: StepContext): Promise<unknown> => {
    const roles: Role[] = ["deployer", "batcher", "proposer", "challenger", "sequencer"];
    if (networks.get(rollup.networkId).development) roles.push("faucet");
    return { accounts: await keys.ensure(lease, rollup.id, roles) };
  };

/** @throws RaasError `FUNDS_MISSING` with the accounts that need ether */
export const fundRoles =
  ({ keys, networks }: LaunchDependencies) =>
  async ({ rollup, spec }: StepContext): Promise<unknown> => {
    const network = await networks.check(rollup.networkId);
    const accounts = (await keys.accounts(rollup.id)).filter(({ role }) => FUNDED_ROLES.includes(role));
    const balance = async (address: Hex) =>
      BigInt(await networks.request<Hex>(network.id, "eth_getBalance", [address, "latest"]));
    if (network.development) {
      await Promise.all(
        accounts.map(async ({ address }) => {
          if ((await balance(address)) >= DEVELOPMENT_BALANCE_WEI / 2n) return;
          await networks.request(network.id, "anvil_setBalance", [address, numberToHex(DEVELOPMENT_BALANCE_WEI)]);
        }),
      );
      return {};
    }
    const gasPrice = BigInt(await networks.request<Hex>(network.id, "eth_gasPrice"));
    const needed: Readonly<Partial<Record<Role, bigint>>> = {
      deployer: DEPLOYMENT_GAS * gasPrice * 2n,
      batcher: BigInt(spec.alarms.lowBalanceWei),
      proposer: BigInt(spec.alarms.lowBalanceWei),
    };
    const missing: { readonly role: Role; readonly address: Hex; readonly missingWei: string }[] = [];
    for (const { role, address } of accounts) {
      const lacking = (needed[role] ?? 0n) - (await balance(address));
      if (lacking > 0n) missing.push({ role, address, missingWei: lacking.toString() });
    }
    if (missing.length === 0) return {};
    const list = missing.map(({ role, address, missingWei }) => `${missingWei} wei to ${address} (${role})`).join(", ");
    throw new RaasError("FUNDS_MISSING", `send on ${network.name}: ${list}`, { details: { missing } });
  };

export const deployContracts =
  ({ keys, networks, outbox }: LaunchDependencies) =>
  async ({ rollup, spec, detail, signal }: StepContext): Promise<unknown> => {
    const network = await networks.check(rollup.networkId);
    const earlier = network.development ? await newestPast(network, networks) : null;
    const { addresses, anchor, deployer } = await deploy(network, spec, {
      accounts: await keys.accounts(rollup.id),
      l1: l1AccessOf(
        { network, rollupId: rollup.id, account: await keys.account(rollup.id, "deployer") },
        { outbox, notice: detail },
      ),
      detail,
      signal,
    });
    return { addresses, anchor: earlier ?? anchor, deployer };
  };

/**
 * Where a rollup of a development network begins: at the newest L1 block that is not of the future, before the
 * deployment. Blocks that launches make there go ahead of the clock, and a rollup whose time began with one would wait
 * for it. What the deployment logs of the chain's settings says what genesis has.
 */
async function newestPast({ id, clockOffsetMs }: Network, networks: Networks) {
  const nowSeconds = (Date.now() + clockOffsetMs) / 1_000;
  for (let tag = "latest"; ; ) {
    const block = await networks.request<Record<"hash" | "number" | "timestamp" | "parentHash", Hex>>(
      id,
      "eth_getBlockByNumber",
      [tag, false],
    );
    const [number, timestamp] = [Number(block.number), Number(block.timestamp)];
    if (timestamp <= nowSeconds || number === 0) return { hash: block.hash, number, timestamp };
    tag = numberToHex(number - 1);
  }
}

async function deploy(
  network: Network,
  spec: RollupSpec,
  {
    accounts,
    l1,
    detail,
    signal,
  }: Pick<StepContext, "detail" | "signal"> & {
    readonly accounts: readonly RoleAccount[];
    readonly l1: ReturnType<typeof l1AccessOf>;
  },
) {
  return await deployL1Contracts(
    {
      parameters: parametersOf(spec, network, accounts),
      l1ChainId: network.chainId,
      ...(network.development ? { developmentChainIds: [network.chainId] } : {}),
    },
    { l1, signal, onProgress: ({ step, steps, label }) => detail(`${step}/${steps} ${label}`) },
  );
}

/** From what is recorded alone, so that the same files come out whenever it runs. */
export const buildGenesis =
  ({ networks, directoryOf }: LaunchDependencies) =>
  async ({ rollup, spec, result }: StepContext): Promise<unknown> => {
    const network = networks.get(rollup.networkId);
    // Those of the launch: keys that were rotated since are none of the genesis'.
    const { accounts } = keysResult.parse(result("keys"));
    const deployed = contractsResult.parse(result("contracts"));
    const balances = spec.genesis.funding.map(({ address, amountWei }): [Hex, bigint] => [address, BigInt(amountWei)]);
    const faucet = accounts.find(({ role }) => role === "faucet");
    if (faucet !== undefined) balances.push([faucet.address, FAUCET_WEI]);
    const files = buildChainFiles({
      deployment: {
        l1ChainId: network.chainId,
        deployer: deployed.deployer,
        parameters: parametersOf(spec, network, accounts),
        addresses: addressesOf(deployed),
        anchor: deployed.anchor,
        transactionsSent: 0,
      },
      newestFork: spec.forks.genesis,
      laterForks: laterForksOf(spec.forks),
      timing: {
        blockTime: spec.chain.blockTimeSeconds,
        seqWindowSize: network.development
          ? SEQUENCING_WINDOW_DEVELOPMENT_BLOCKS
          : Math.ceil(SEQUENCING_WINDOW_SECONDS / network.blockTimeSeconds),
        maxSequencerDrift: MAX_SEQUENCER_DRIFT_SECONDS,
        channelTimeout: CHANNEL_TIMEOUT_BLOCKS,
      },
      feeRecipient: spec.owners.feeRecipient,
      balances: summed(balances),
      contracts: Object.fromEntries(
        spec.genesis.contracts.map(({ address, code, storage }) => [
          address,
          { code, storage: storage as Record<Hex, Hex> },
        ]),
      ),
    });
    const directory = directoryOf(rollup.id);
    // A node that began from other files of an attempt before would refuse these.
    await rm(join(directory, "node"), { recursive: true, force: true });
    await writeDurably(join(directory, GENESIS_FILE), files.genesisJson);
    await writeDurably(join(directory, ROLLUP_FILE), files.rollupJson);
    return { l2GenesisHash: files.l2GenesisHash };
  };

function summed(entries: readonly (readonly [Hex, bigint])[]): Record<Hex, bigint> {
  const sums: Record<Hex, bigint> = {};
  for (const [address, wei] of entries) sums[address] = (sums[address] ?? 0n) + wei;
  return sums;
}
