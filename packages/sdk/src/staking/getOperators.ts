import { type Address, type Hex, zeroHash } from "viem";
import type { AnyClient } from "../rpc/call.ts";
import { view } from "./call.ts";
import { allocationManagerAbi } from "./generated/allocation-manager.ts";
import { delegationManagerAbi } from "./generated/delegation-manager.ts";
import { machSlasherAbi } from "./generated/mach-slasher.ts";
import { operatorSet, type ServiceContext } from "./sets.ts";
import { tableMember } from "./table.ts";

export interface OperatorStake {
  readonly operator: Address;
  /** In the operator table; certificates name signers so. */
  readonly index: number;
  /** What counts in certificates, by class. Follows the stake when somebody refreshes it, and up by the churn limit. */
  readonly weight: readonly bigint[];
  /** Last L1 block whose epoch counts the weight; without weight, since when. */
  readonly expiry: number;
  readonly stake: readonly {
    readonly strategy: Address;
    /** Delegated to the operator, itself included. */
    readonly shares: bigint;
    /** Of these, what this service can slash. */
    readonly slashable: bigint;
  }[];
  /** The fault it was convicted of. */
  readonly convictedBy: Hex | null;
}

/** The members of a service's operator set, by index. */
export async function getOperators(
  client: AnyClient,
  { service }: { readonly service: ServiceContext },
): Promise<readonly OperatorStake[]> {
  const { core, suite, strategies } = service;
  const set = operatorSet(service);
  const am = { address: core.allocationManager, abi: allocationManagerAbi } as const;
  const dm = { address: core.delegationManager, abi: delegationManagerAbi } as const;
  const slasher = { address: suite.slasher, abi: machSlasherAbi } as const;
  const members = await view(client, { ...am, functionName: "getMembers", args: [set] });
  const list = strategies.map(({ strategy }) => strategy);
  const [shares, allocations, entries, faults, maxima] = await Promise.all([
    view(client, { ...dm, functionName: "getOperatorsShares", args: [members, list] }),
    Promise.all(
      list.map((strategy) => view(client, { ...am, functionName: "getAllocations", args: [members, set, strategy] })),
    ),
    Promise.all(members.map((operator) => tableMember(service, operator, client))),
    Promise.all(members.map((operator) => view(client, { ...slasher, functionName: "convictedBy", args: [operator] }))),
    Promise.all(
      members.map((operator) =>
        Promise.all(
          list.map((strategy) => view(client, { ...am, functionName: "getMaxMagnitude", args: [operator, strategy] })),
        ),
      ),
    ),
  ]);
  return members
    .map((operator, i) => {
      const { index = 0, weight = [], expiry = 0 } = entries[i] ?? {};
      const stake = list.map((strategy, s) => {
        const [held, max] = [shares[i]?.[s] ?? 0n, maxima[i]?.[s] ?? 0n];
        const magnitude = allocations[s]?.[i]?.currentMagnitude ?? 0n;
        return { strategy, shares: held, slashable: max === 0n ? 0n : (held * magnitude) / max };
      });
      const fault = faults[i] ?? zeroHash;
      return { operator, index, weight, expiry, stake, convictedBy: fault === zeroHash ? null : fault };
    })
    .sort((a, b) => a.index - b.index);
}
