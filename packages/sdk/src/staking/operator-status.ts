import { type Address, type Hex, zeroHash } from "viem";
import type { AnyClient } from "../rpc/call.ts";
import { view } from "./call.ts";
import { allocationManagerAbi } from "./generated/allocation-manager.ts";
import { delegationManagerAbi } from "./generated/delegation-manager.ts";
import { keyRegistrarAbi } from "./generated/key-registrar.ts";
import { machSlasherAbi } from "./generated/mach-slasher.ts";
import { operatorTableAbi } from "./generated/operator-table.ts";
import { type AllocationState, allocationsOf, isMember } from "./operator.ts";
import { operatorSet, type ServiceContext } from "./sets.ts";
import { type TableMember, tableMember } from "./table.ts";

export interface OperatorStatus {
  readonly operator: Address;
  readonly registered: boolean;
  /** L1 blocks until a raised allocation counts; null while unset. */
  readonly allocationDelay: number | null;
  /** Delegated to it, by the service's strategies. */
  readonly shares: readonly { readonly strategy: Address; readonly symbol: string; readonly shares: bigint }[];
  readonly allocations: readonly AllocationState[];
  readonly keyRegistered: boolean;
  readonly member: boolean;
  /** Member, or left so lately that it can still be slashed. */
  readonly slashable: boolean;
  readonly table: TableMember;
  /** Weight that joining takes, by class. */
  readonly minimum: readonly bigint[];
  /** What it was convicted of. */
  readonly convictedBy: Hex | null;
  readonly slashed: boolean;
}

/** An operator as the core and a service see it. */
export async function operatorStatus(
  options: ServiceContext & { readonly operator: Address },
  client: AnyClient,
): Promise<OperatorStatus> {
  const { core, suite, strategies, operator } = options;
  const set = operatorSet(options);
  const am = { address: core.allocationManager, abi: allocationManagerAbi } as const;
  const dm = { address: core.delegationManager, abi: delegationManagerAbi } as const;
  const table = { address: suite.table, abi: operatorTableAbi } as const;
  const slasher = { address: suite.slasher, abi: machSlasherAbi } as const;
  const list = strategies.map(({ strategy }) => strategy);
  const classes = Number(await view(client, { ...table, functionName: "classes" }));
  const keys = { address: core.keyRegistrar, abi: keyRegistrarAbi } as const;
  const [
    registered,
    [isSet, delay],
    shares,
    allocations,
    keyRegistered,
    member,
    slashable,
    entry,
    fault,
    slashed,
    minimum,
  ] = await Promise.all([
    view(client, { ...dm, functionName: "isOperator", args: [operator] }),
    view(client, { ...am, functionName: "getAllocationDelay", args: [operator] }),
    view(client, { ...dm, functionName: "getOperatorShares", args: [operator, list] }),
    allocationsOf(options, client),
    view(client, { ...keys, functionName: "isRegistered", args: [set, operator] }),
    isMember(options, client),
    view(client, { ...am, functionName: "isOperatorSlashable", args: [operator, set] }),
    tableMember(options, operator, client),
    view(client, { ...slasher, functionName: "convictedBy", args: [operator] }),
    view(client, { ...slasher, functionName: "isSlashed", args: [operator] }),
    Promise.all(
      Array.from({ length: classes }, (_, c) => view(client, { ...table, functionName: "minimum", args: [BigInt(c)] })),
    ),
  ]);
  return {
    operator,
    registered,
    allocationDelay: isSet ? delay : null,
    shares: strategies.map(({ strategy, symbol }, i) => ({ strategy, symbol, shares: shares[i] ?? 0n })),
    allocations,
    keyRegistered,
    member,
    slashable,
    table: entry,
    minimum,
    convictedBy: fault === zeroHash ? null : fault,
    slashed,
  };
}
