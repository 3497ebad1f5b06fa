import { type Address, isAddressEqual, zeroAddress } from "viem";
import { SdkError } from "../errors.ts";
import type { AnyClient } from "../rpc/call.ts";
import { type Call, view } from "./call.ts";
import { allocationManagerAbi } from "./generated/allocation-manager.ts";
import { delegationManagerAbi } from "./generated/delegation-manager.ts";
import { keyRegistrarAbi } from "./generated/key-registrar.ts";
import { type KeyMaker, keyDataOf, proveKey } from "./keys.ts";
import { operatorSet, type ServiceContext } from "./sets.ts";

const WAD = 10n ** 18n;

type Of = ServiceContext & { readonly operator: Address };

/**
 * Registers the account as an operator, for ever. None where it is one.
 * @param options.allocationDelay L1 blocks until a raised allocation counts.
 * @throws SdkError `CONFLICT` where the account delegates to somebody
 */
export async function registerOperatorCalls(
  options: Of & { readonly allocationDelay: number; readonly metadataURI?: string; readonly approver?: Address },
  client: AnyClient,
): Promise<Call[]> {
  const { core, operator, allocationDelay, metadataURI = "", approver = zeroAddress } = options;
  const dm = { address: core.delegationManager, abi: delegationManagerAbi } as const;
  if (await view(client, { ...dm, functionName: "isOperator", args: [operator] })) return [];
  if (await view(client, { ...dm, functionName: "isDelegated", args: [operator] })) {
    throw new SdkError("CONFLICT", `${operator} delegates to an operator, so it cannot become one: undelegate first`);
  }
  const args = [approver, allocationDelay, metadataURI];
  return [{ label: "register the operator", ...dm, functionName: "registerAsOperator", args }];
}

/**
 * Registers the set's BLS key with its proof of possession. None where this key is registered.
 * @param options.secret of this set: see `keyInfo`.
 * @throws SdkError `CONFLICT` where another key is: leave the set, wait, deregister it, and register a new one.
 */
export async function registerKeyCalls(
  options: Of & { readonly secret: Uint8Array },
  { publicClient, bn254 }: { readonly publicClient: AnyClient; readonly bn254: KeyMaker },
): Promise<Call[]> {
  const { core, operator } = options;
  const set = operatorSet(options);
  const registrar = { address: core.keyRegistrar, abi: keyRegistrarAbi } as const;
  const keyData = keyDataOf(bn254.publicKeys(options.secret));
  if (await view(publicClient, { ...registrar, functionName: "isRegistered", args: [set, operator] })) {
    const args = [set, keyData] as const;
    const [owner] = await view(publicClient, { ...registrar, functionName: "getOperatorFromSigningKey", args });
    if (isAddressEqual(owner, operator)) return [];
    throw new SdkError("CONFLICT", `${operator} has registered another key for this set`, { operator });
  }
  const digest = await view(publicClient, {
    ...registrar,
    functionName: "getBN254KeyRegistrationMessageHash",
    args: [operator, set, keyData],
  });
  const args = [operator, set, keyData, proveKey(options.secret, digest, bn254)];
  return [{ label: "register the key", ...registrar, functionName: "registerKey", args }];
}

/**
 * Takes the operator's key off the set, so that another can be registered: the core gives a key to one operator for ever,
 * and none is exchanged in place. None where no key is registered.
 * @throws SdkError `CONFLICT` while the operator is a member, or left so lately that it can still be slashed
 */
export async function deregisterKeyCalls(options: Of, client: AnyClient): Promise<Call[]> {
  const { core, operator } = options;
  const set = operatorSet(options);
  const am = { address: core.allocationManager, abi: allocationManagerAbi } as const;
  const registrar = { address: core.keyRegistrar, abi: keyRegistrarAbi } as const;
  if (!(await view(client, { ...registrar, functionName: "isRegistered", args: [set, operator] }))) return [];
  if (await view(client, { ...am, functionName: "isOperatorSlashable", args: [operator, set] })) {
    const message = `${operator} can still be slashed for this set: leave it, and wait for the core's deallocation delay`;
    throw new SdkError("CONFLICT", message, { operator });
  }
  return [{ label: "take the key off", ...registrar, functionName: "deregisterKey", args: [operator, set] }];
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

/** What an operator allocates to the service, by strategy. */
export async function allocationsOf(options: Of, client: AnyClient): Promise<AllocationState[]> {
  const { core, operator, strategies } = options;
  const am = { address: core.allocationManager, abi: allocationManagerAbi } as const;
  const set = operatorSet(options);
  return Promise.all(
    strategies.map(async ({ strategy }) => {
      const [allocation, max, encumbered] = await Promise.all([
        view(client, { ...am, functionName: "getAllocation", args: [operator, set, strategy] }),
        view(client, { ...am, functionName: "getMaxMagnitude", args: [operator, strategy] }),
        view(client, { ...am, functionName: "getEncumberedMagnitude", args: [operator, strategy] }),
      ]);
      const { currentMagnitude: current, pendingDiff: pending, effectBlock } = allocation;
      return { strategy, current, pending, effectBlock, max, encumbered };
    }),
  );
}

/**
 * Allocates a part of the operator's magnitude in every strategy of the service. None where it stands, or is on its way.
 * @param options.wad the part, in 1e18ths of what slashes have left: 0 takes everything back.
 * @param options.only these strategies.
 */
export async function allocateCalls(
  options: Of & { readonly wad: bigint; readonly only?: readonly Address[] },
  client: AnyClient,
): Promise<Call[]> {
  const { operator, core, wad, only } = options;
  const states = await allocationsOf(options, client);
  const changed = states
    .filter(({ strategy }) => only === undefined || only.some((each) => isAddressEqual(each, strategy)))
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
export async function joinCalls(options: Of, client: AnyClient): Promise<Call[]> {
  const { core, suite, operator } = options;
  if (await isMember(options, client)) return [];
  const params = { avs: suite.registrar, operatorSetIds: [0], data: "0x" };
  return [allocation(core.allocationManager, "join the service", "registerForOperatorSets", [operator, params])];
}

/** Leaves the service; the operator stays slashable for the core's deallocation delay. None where it is no member. */
export async function leaveCalls(options: Of, client: AnyClient): Promise<Call[]> {
  const { core, suite, operator } = options;
  if (!(await isMember(options, client))) return [];
  const params = { operator, avs: suite.registrar, operatorSetIds: [0] };
  return [allocation(core.allocationManager, "leave the service", "deregisterFromOperatorSets", [params])];
}

export function isMember(options: Of, client: AnyClient): Promise<boolean> {
  const { core, operator } = options;
  const am = { address: core.allocationManager, abi: allocationManagerAbi } as const;
  return view(client, { ...am, functionName: "isMemberOfOperatorSet", args: [operator, operatorSet(options)] });
}

function allocation(address: Address, label: string, functionName: string, args: readonly unknown[]): Call {
  return { label, address, abi: allocationManagerAbi, functionName, args };
}
