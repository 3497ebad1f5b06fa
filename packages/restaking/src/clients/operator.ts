import { type Address, type Hex, type PublicClient, zeroAddress } from "viem";
import { abiOf } from "../deployment.ts";
import { RestakingError } from "../errors.ts";
import { type KeyMaker, keyDataOf, proveKey } from "../keys.ts";
import { type Call, read } from "../transaction.ts";
import { operatorSet, type ServiceContext } from "./sets.ts";

const WAD = 10n ** 18n;

type Of = ServiceContext & { readonly operator: Address };

/**
 * Registers the account as an operator, for ever. None where it is one.
 * @param options.allocationDelay L1 blocks until a raised allocation counts.
 */
export async function registerOperatorCalls(
  options: Of & { readonly allocationDelay: number; readonly metadataURI?: string; readonly approver?: Address },
  publicClient: PublicClient,
): Promise<Call[]> {
  const { core, operator, allocationDelay, metadataURI = "", approver = zeroAddress } = options;
  const [abi, address] = [abiOf("DelegationManager"), core.delegationManager];
  if (await read<boolean>(publicClient, address, abi, "isOperator", [operator])) return [];
  const staked = await read<boolean>(publicClient, address, abi, "isDelegated", [operator]);
  if (staked) {
    throw new RestakingError(
      "CONFLICT",
      `${operator} delegates to an operator, so it cannot become one: undelegate first`,
    );
  }
  const args = [approver, allocationDelay, metadataURI];
  return [{ label: "register the operator", address, abi, functionName: "registerAsOperator", args }];
}

/**
 * Registers the set's BLS key with its proof of possession. None where this key is registered.
 * @param secret of this set: see `keyInfo`.
 * @throws RestakingError `CONFLICT` where another key is: leave the set, wait, deregister it, and register a new one.
 */
export async function registerKeyCalls(
  options: Of & { readonly secret: Uint8Array },
  { publicClient, bn254 }: { readonly publicClient: PublicClient; readonly bn254: KeyMaker },
): Promise<Call[]> {
  const { core, operator } = options;
  const set = operatorSet(options);
  const [abi, address] = [abiOf("KeyRegistrar"), core.keyRegistrar];
  const keyData = keyDataOf(bn254.publicKeys(options.secret));
  if (await read<boolean>(publicClient, address, abi, "isRegistered", [set, operator])) {
    const args = [set, keyData];
    const [owner] = await read<[Address, boolean]>(publicClient, address, abi, "getOperatorFromSigningKey", args);
    if (owner === operator) return [];
    throw new RestakingError("CONFLICT", `${operator} has registered another key for this set`, { operator });
  }
  const args = [operator, set, keyData];
  const digest = await read<Hex>(publicClient, address, abi, "getBN254KeyRegistrationMessageHash", args);
  const proof = proveKey(options.secret, digest, bn254);
  return [
    { label: "register the key", address, abi, functionName: "registerKey", args: [operator, set, keyData, proof] },
  ];
}

export interface AllocationState {
  readonly strategy: Address;
  /** In 1e18ths of all that the operator ever had in the strategy. */
  readonly current: bigint;
  readonly pending: bigint;
  /** L1 block in which `pending` is added to `current`; 0 for none. */
  readonly effectBlock: number;
  readonly max: bigint;
  readonly encumbered: bigint;
}

export async function allocationsOf(options: Of, publicClient: PublicClient): Promise<AllocationState[]> {
  const { core, operator, strategies } = options;
  const am = <T>(functionName: string, args: readonly unknown[]) =>
    read<T>(publicClient, core.allocationManager, abiOf("IAllocationManager"), functionName, args);
  return Promise.all(
    strategies.map(async ({ strategy }) => {
      const [allocation, max, encumbered] = await Promise.all([
        am<{ currentMagnitude: bigint; pendingDiff: bigint; effectBlock: number }>("getAllocation", [
          operator,
          operatorSet(options),
          strategy,
        ]),
        am<bigint>("getMaxMagnitude", [operator, strategy]),
        am<bigint>("getEncumberedMagnitude", [operator, strategy]),
      ]);
      const { currentMagnitude: current, pendingDiff: pending, effectBlock } = allocation;
      return { strategy, current, pending, effectBlock, max, encumbered };
    }),
  );
}

/**
 * Allocates a part of the operator's magnitude in every strategy of the service. None where it stands, or is on its way.
 * @param options.wad the part, in 1e18ths of what slashes have left: 0 takes everything back.
 */
export async function allocateCalls(
  options: Of & { readonly wad: bigint; readonly only?: readonly Address[] },
  publicClient: PublicClient,
): Promise<Call[]> {
  const { operator, core, wad, only } = options;
  const states = await allocationsOf(options, publicClient);
  const changed = states
    .filter(({ strategy }) => only === undefined || only.includes(strategy))
    .map((state) => ({ ...state, wanted: (state.max * wad) / WAD }))
    .filter(({ current, pending, wanted }) => current + pending !== wanted);
  if (changed.length === 0) return [];
  const params = {
    operatorSet: operatorSet(options),
    strategies: changed.map(({ strategy }) => strategy),
    newMagnitudes: changed.map(({ wanted }) => wanted),
  };
  return [allocation(core.allocationManager, "change the allocation", "modifyAllocations", [operator, [params]])];
}

/** Joins the service. None where the operator is a member. */
export async function joinCalls(options: Of, publicClient: PublicClient): Promise<Call[]> {
  const { core, suite, operator } = options;
  if (await isMember(options, publicClient)) return [];
  const params = { avs: suite.registrar, operatorSetIds: [0], data: "0x" };
  return [allocation(core.allocationManager, "join the service", "registerForOperatorSets", [operator, params])];
}

/** Leaves the service; the operator stays slashable for the core's deallocation delay. None where it is no member. */
export async function leaveCalls(options: Of, publicClient: PublicClient): Promise<Call[]> {
  const { core, suite, operator } = options;
  if (!(await isMember(options, publicClient))) return [];
  const params = { operator, avs: suite.registrar, operatorSetIds: [0] };
  return [allocation(core.allocationManager, "leave the service", "deregisterFromOperatorSets", [params])];
}

export function isMember(options: Of, publicClient: PublicClient): Promise<boolean> {
  const { core, operator } = options;
  const args = [operator, operatorSet(options)];
  return read(publicClient, core.allocationManager, abiOf("IAllocationManager"), "isMemberOfOperatorSet", args);
}

function allocation(address: Address, label: string, functionName: string, args: readonly unknown[]): Call {
  return { label, address, abi: abiOf("IAllocationManager"), functionName, args };
}
