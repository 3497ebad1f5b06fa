import type { ProtocolContractName } from "@altlayer/contracts";
import { type Address, type Hex, parseEventLogs } from "viem";
import type { CoreAddresses } from "./core.ts";
import { abiOf, accountOf, type Clients, deployAll, succeed } from "./deployment.ts";
import { RestakingError } from "./errors.ts";

export interface ServiceAddresses {
  readonly timelock: Address;
  readonly alt: Address;
  readonly factory: Address;
}

/** What identifies a rollup; its id is the hash of these three. */
export interface Rollup {
  readonly systemConfig: Address;
  readonly l2ChainId: bigint;
  readonly l2GenesisHash: Hex;
}

/** IAvsFactory.MachParams: what its fields mean stands there. */
export interface MachParams {
  readonly windows: {
    readonly k: number;
    readonly epochLength: number;
    readonly undecided: number;
    readonly certificateAge: number;
    readonly evidenceWindow: number;
    readonly pauseSlack: number;
  };
  /** Ascending by address. */
  readonly strategies: readonly { readonly strategy: Address; readonly class: number; readonly multiplier: bigint }[];
  readonly minimum: readonly bigint[];
  readonly slashWad: bigint;
  readonly rewardToken: Address;
  readonly ratePerEpoch: bigint;
  readonly bounty: bigint;
  readonly bountyPeriod: number;
  readonly bountyClaims: number;
  readonly allowShortDelay: boolean;
  readonly metadataURI: string;
}

export interface SuiteAddresses {
  readonly creator: Address;
  readonly rollupId: Hex;
  readonly registrar: Address;
  readonly table: Address;
  readonly verifier: Address;
  readonly slasher: Address;
  readonly rewards: Address;
}

/** The number by which the factory knows the service. */
export const MACH = 1;

/** ALT, and the factory with what it clones, in the order of their creation. */
export const SERVICE_CONTRACTS = [
  "Timelock",
  "ALT",
  "MachRegistrar",
  "OperatorTable",
  "CertificateVerifier",
  "MachSlasher",
  "MachRewards",
  "AvsFactory",
] as const;

export interface ServicesOptions {
  readonly core: CoreAddresses;
  /** Of the timelock, and the least that a suite's timelock may have. */
  readonly timelockDelayS: bigint;
  /** Goes to the deployer, in wei of ALT. */
  readonly altSupply: bigint;
}

/** The constructors' arguments, by the addresses that the contracts will have. */
export function serviceArguments(
  { core, timelockDelayS, altSupply }: ServicesOptions,
  deployer: Address,
  at: (name: ProtocolContractName) => Address,
): Readonly<Record<string, readonly unknown[]>> {
  const { allocationManager, strategyManager, keyRegistrar, rewardsCoordinator } = core;
  return {
    Timelock: [timelockDelayS, [deployer], [deployer]],
    ALT: [at("Timelock"), deployer, altSupply],
    MachRegistrar: [allocationManager, keyRegistrar, rewardsCoordinator],
    OperatorTable: [allocationManager, keyRegistrar],
    MachSlasher: [allocationManager],
    MachRewards: [rewardsCoordinator],
    AvsFactory: [
      allocationManager,
      strategyManager,
      at("ALT"),
      timelockDelayS,
      {
        registrar: at("MachRegistrar"),
        table: at("OperatorTable"),
        verifier: at("CertificateVerifier"),
        slasher: at("MachSlasher"),
        rewards: at("MachRewards"),
      },
    ],
  };
}

export function serviceAddresses(at: (name: ProtocolContractName) => Address): ServiceAddresses {
  return { timelock: at("Timelock"), alt: at("ALT"), factory: at("AvsFactory") };
}

/**
 * Deploys ALT with its timelock, and the factory of services with what it clones.
 * @throws RestakingError `TRANSACTION_REVERTED`.
 */
export async function deployServices(options: ServicesOptions, clients: Clients): Promise<ServiceAddresses> {
  const deployer = accountOf(clients).address;
  return serviceAddresses(await deployAll(SERVICE_CONTRACTS, (at) => serviceArguments(options, deployer, at), clients));
}

/** The argument of `AvsFactory.create`. */
export function createArguments(options: {
  readonly rollup: Rollup;
  readonly timelock: Address;
  readonly salt: Hex;
  readonly mach: MachParams;
}): readonly unknown[] {
  const { rollup, timelock, salt, mach } = options;
  return [{ rollup, services: [MACH], salt, timelock, mach }];
}

/**
 * Creates the services of a rollup: one L1 transaction.
 * @param options.salt of the creator's choice; addresses depend on it and on the creator.
 * @returns the suite's addresses and what it cost.
 * @throws RestakingError `TRANSACTION_REVERTED`; viem's errors where the factory refuses at estimation.
 */
export async function createSuite(
  options: {
    readonly factory: Address;
    readonly rollup: Rollup;
    readonly timelock: Address;
    readonly salt: Hex;
    readonly mach: MachParams;
  },
  clients: Clients,
): Promise<{ readonly suite: SuiteAddresses; readonly gasUsed: bigint }> {
  const { rollup, timelock, salt, mach } = options;
  const abi = abiOf("AvsFactory");
  const hash = await clients.walletClient.writeContract({
    account: accountOf(clients),
    chain: null,
    address: options.factory,
    abi,
    functionName: "create",
    args: createArguments({ rollup, timelock, salt, mach }),
  });
  const receipt = await succeed(hash, "creating the suite", clients);
  const [event] = parseEventLogs({ abi, logs: receipt.logs, eventName: "SuiteCreated" });
  if (event === undefined) throw new RestakingError("EVENT_MISSING", "the factory announced no suite", { hash });
  const { suite } = event.args as unknown as { suite: SuiteAddresses };
  return { suite, gasUsed: receipt.gasUsed };
}
