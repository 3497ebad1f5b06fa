import type { ProtocolContractName } from "@altlayer/contracts";
import { type Address, zeroAddress } from "viem";
import { accountOf, type Clients, deployAll } from "./deployment.ts";

/** A restaking core: our own on a development L1, EigenLayer's elsewhere. */
export interface CoreAddresses {
  readonly allocationManager: Address;
  readonly delegationManager: Address;
  readonly strategyManager: Address;
  readonly strategyFactory: Address;
  readonly permissionController: Address;
  readonly keyRegistrar: Address;
  readonly rewardsCoordinator: Address;
}

/** Delays in L1 blocks, times in seconds. */
export interface CoreOptions {
  /** Of deallocations and withdrawals; mainnet 100,800. */
  readonly deallocationDelay: number;
  readonly allocationConfigurationDelay?: number;
  readonly slasherConfigurationDelay?: number;
  /** Blocks that slashed funds rest; 0 as before core v1.13. */
  readonly slashResolutionDelay?: number;
  readonly rewardsIntervalS?: number;
  readonly rewardsActivationS?: number;
  /** May pause; the deployer unless given. */
  readonly pauser?: Address;
  /** Submits rewards roots; the deployer unless given. */
  readonly rewardsUpdater?: Address;
}

/** What a core consists of, in the order of its creation. */
export const CORE_CONTRACTS = [
  "PermissionController",
  "AllocationManagerView",
  "AllocationManager",
  "DelegationManager",
  "StrategyManager",
  "StrategyFactory",
  "KeyRegistrar",
  "RewardsCoordinator",
] as const;

/** The constructors' arguments, by the addresses that the contracts will have. */
export function coreArguments(
  options: CoreOptions,
  deployer: Address,
  at: (name: ProtocolContractName) => Address,
): Readonly<Record<string, readonly unknown[]>> {
  const pauser = options.pauser ?? deployer;
  const delays = {
    deallocation: options.deallocationDelay,
    allocationConfiguration: options.allocationConfigurationDelay ?? 75,
    slasherConfiguration: options.slasherConfigurationDelay ?? 75,
  };
  const interval = options.rewardsIntervalS ?? 60;
  const times = {
    interval,
    maxDuration: 100 * interval,
    maxRetroactive: 10_000 * interval,
    maxFuture: 100 * interval,
    genesis: 0,
    activation: options.rewardsActivationS ?? 0,
  };
  const [permissions, am, dm, sm] = [
    at("PermissionController"),
    at("AllocationManager"),
    at("DelegationManager"),
    at("StrategyManager"),
  ];
  return {
    AllocationManagerView: [dm, zeroAddress],
    AllocationManager: [at("AllocationManagerView"), dm, zeroAddress, permissions, pauser, delays],
    DelegationManager: [am, sm, permissions, pauser, options.deallocationDelay],
    StrategyManager: [am, dm, deployer, at("StrategyFactory"), pauser, options.slashResolutionDelay ?? 0],
    StrategyFactory: [sm, deployer],
    KeyRegistrar: [permissions, am],
    RewardsCoordinator: [am, sm, permissions, pauser, options.rewardsUpdater ?? deployer, times],
  };
}

export function coreAddresses(at: (name: ProtocolContractName) => Address): CoreAddresses {
  return {
    allocationManager: at("AllocationManager"),
    delegationManager: at("DelegationManager"),
    strategyManager: at("StrategyManager"),
    strategyFactory: at("StrategyFactory"),
    permissionController: at("PermissionController"),
    keyRegistrar: at("KeyRegistrar"),
    rewardsCoordinator: at("RewardsCoordinator"),
  };
}

/**
 * Deploys a restaking core on a development L1.
 * @throws RestakingError `TRANSACTION_REVERTED`, on public chains too: the contracts refuse them.
 */
export async function deployCore(options: CoreOptions, clients: Clients): Promise<CoreAddresses> {
  const deployer = accountOf(clients).address;
  return coreAddresses(await deployAll(CORE_CONTRACTS, (at) => coreArguments(options, deployer, at), clients));
}
