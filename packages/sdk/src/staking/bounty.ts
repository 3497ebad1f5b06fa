import { type Address, type Hex, zeroAddress } from "viem";
import { getBlockNumber } from "viem/actions";
import type { AnyClient } from "../rpc/call.ts";
import { type Call, view } from "./call.ts";
import { machSlasherAbi } from "./generated/mach-slasher.ts";
import { findLogs } from "./logs.ts";
import type { ServiceContext } from "./sets.ts";
import { table } from "./table.ts";

/** The bounty of a fault: from a pool, once in a period, to whoever committed to the fault first. */
export interface Bounty {
  readonly faultId: Hex;
  /** Null while nobody claims it. */
  readonly reporter: Address | null;
  /** L1 block from which it can be collected, as far as is known. */
  readonly payableAt: number;
  /** Whether a slash took something: without one nothing is paid. */
  readonly slashed: boolean;
  readonly paid: boolean;
}

/** @throws viem's errors */
export async function bountyOf(service: ServiceContext, faultId: Hex, client: AnyClient): Promise<Bounty> {
  const slasher = { address: service.suite.slasher, abi: machSlasherAbi } as const;
  const [[recordedAt, , slashed, paid, reporter], terms, next] = await Promise.all([
    view(client, { ...slasher, functionName: "faults", args: [faultId] }),
    view(client, { ...slasher, functionName: "terms" }),
    view(client, { ...slasher, functionName: "nextPaymentBlock" }),
  ]);
  const payableAt = Math.max(Number(recordedAt) + terms[3] + 1, Number(next));
  return { faultId, reporter: reporter === zeroAddress ? null : reporter, payableAt, slashed, paid };
}

/** Faults whose bounty an account has claimed, oldest first. */
export async function claimedFaults(
  service: ServiceContext,
  reporter: Address,
  client: AnyClient,
): Promise<readonly Hex[]> {
  const [toBlock, startBlock] = await Promise.all([
    getBlockNumber(client, { cacheTime: 0 }),
    table<bigint>(service, client, "startBlock"),
  ]);
  const fromBlock = BigInt(service.fromBlock ?? startBlock);
  const logs = await findLogs<{ faultId: Hex; reporter: Address }>(
    { address: service.suite.slasher, abi: machSlasherAbi, events: ["BountyClaimed"], fromBlock, toBlock },
    client,
  );
  return [...new Set(logs.filter(({ args }) => args.reporter === reporter).map(({ args }) => args.faultId))];
}

/** Pays a fault's bounty to its reporter: anybody may send it. */
export function payBountyCall({ suite }: Pick<ServiceContext, "suite">, faultId: Hex): Call {
  const args = [faultId];
  return {
    label: "collect the bounty",
    address: suite.slasher,
    abi: machSlasherAbi,
    functionName: "payBounty",
    args,
  };
}
