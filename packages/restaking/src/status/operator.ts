import { type Address, type Hex, type PublicClient, zeroHash } from "viem";
import { type AllocationState, allocationsOf, isMember } from "../clients/operator.ts";
import { operatorSet, type ServiceContext } from "../clients/sets.ts";
import { type TableMember, table, tableMember } from "../clients/table.ts";
import { abiOf } from "../deployment.ts";
import { read } from "../transaction.ts";

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

export async function operatorStatus(
  options: ServiceContext & { readonly operator: Address },
  publicClient: PublicClient,
): Promise<OperatorStatus> {
  const { core, suite, strategies, operator } = options;
  const set = operatorSet(options);
  const [am, dm, kr, slasher] = [
    abiOf("IAllocationManager"),
    abiOf("DelegationManager"),
    abiOf("KeyRegistrar"),
    abiOf("MachSlasher"),
  ];
  const list = strategies.map(({ strategy }) => strategy);
  const classes = Number(await table<bigint>(options, publicClient, "classes"));
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
    read<boolean>(publicClient, core.delegationManager, dm, "isOperator", [operator]),
    read<[boolean, number]>(publicClient, core.allocationManager, am, "getAllocationDelay", [operator]),
    read<bigint[]>(publicClient, core.delegationManager, dm, "getOperatorShares", [operator, list]),
    allocationsOf(options, publicClient),
    read<boolean>(publicClient, core.keyRegistrar, kr, "isRegistered", [set, operator]),
    isMember(options, publicClient),
    read<boolean>(publicClient, core.allocationManager, am, "isOperatorSlashable", [operator, set]),
    tableMember(options, operator, publicClient),
    read<Hex>(publicClient, suite.slasher, slasher, "convictedBy", [operator]),
    read<boolean>(publicClient, suite.slasher, slasher, "isSlashed", [operator]),
    Promise.all(
      Array.from({ length: classes }, (_, c) => table<bigint>(options, publicClient, "minimum", [BigInt(c)])),
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
