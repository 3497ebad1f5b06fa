import type { ProtocolContractName } from "@altlayer/contracts";
import { type Call, execute } from "@altlayer/sdk";
import { type Address, type Hex, type PublicClient, parseEventLogs, zeroAddress } from "viem";
import type { CoreAddresses } from "./core.ts";
import { abiOf, accountOf, type Clients, deployAll } from "./deployment.ts";
import { RestakingError } from "./errors.ts";
import { read } from "./transaction.ts";

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
 * The suite that a creator made with this salt, if it did.
 * @returns undefined where there is none.
 */
export async function findSuite(
  options: { readonly factory: Address; readonly rollup: Rollup; readonly creator: Address; readonly salt: Hex },
  publicClient: PublicClient,
): Promise<SuiteAddresses | undefined> {
  const { factory, rollup, creator, salt } = options;
  const factoryRead = <T>(functionName: string, args: readonly unknown[]) =>
    read<T>(publicClient, factory, abiOf("AvsFactory"), functionName, args);
  const rollupId = await factoryRead<Hex>("rollupIdOf", [rollup]);
  const registrar = await factoryRead<Address>("predictRegistrar", [creator, rollupId, salt]);
  const suite = await factoryRead<SuiteAddresses>("suiteOf", [registrar]);
  return suite.creator === zeroAddress ? undefined : suite;
}

/** The call by which the owner of its SystemConfig names the suite that clients of a rollup should use. */
export function nominateCall(factory: Address, rollup: Rollup, registrar: Address): Call {
  const abi = abiOf("AvsFactory");
  return {
    label: "name the suite canonical",
    address: factory,
    abi,
    functionName: "nominate",
    args: [rollup, registrar],
  };
}

/** The creator's call after the first operators have joined: epoch 0 begins with its block. */
export function startCall({ registrar }: SuiteAddresses): Call {
  return {
    label: "start the service",
    address: registrar,
    abi: abiOf("MachRegistrar"),
    functionName: "start",
    args: [],
  };
}

/**
 * Creates the services of a rollup: one L1 transaction.
 * @param options.salt of the creator's choice; addresses depend on it and on the creator.
 * @returns the suite's addresses and what it cost.
 * @throws SdkError `REFUSED` with the factory's error, `TRANSACTION_REVERTED`; RestakingError `EVENT_MISSING`.
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
): Promise<{ readonly suite: SuiteAddresses; readonly gasUsed: bigint; readonly block: number }> {
  const abi = abiOf("AvsFactory");
  const args = createArguments(options);
  const call = { label: "create the suite", address: options.factory, abi, functionName: "create", args };
  const receipt = await execute(call, clients);
  const [event] = parseEventLogs({ abi, logs: receipt.logs, eventName: "SuiteCreated" });
  if (event === undefined) {
    throw new RestakingError("EVENT_MISSING", "the factory announced no suite", { hash: receipt.transactionHash });
  }
  const { suite } = event.args as unknown as { suite: SuiteAddresses };
  return { suite, gasUsed: receipt.gasUsed, block: Number(receipt.blockNumber) };
}
