import { type Address, erc20Abi, type Hex, zeroHash } from "viem";
import { getBlockNumber } from "viem/actions";
import { machVerifierAbi } from "../contracts/mach-verifier-abi.ts";
import type { AnyClient } from "../rpc/call.ts";
import { view } from "./call.ts";
import { allocationManagerAbi } from "./generated/allocation-manager.ts";
import { machRegistrarAbi } from "./generated/mach-registrar.ts";
import { machRewardsAbi } from "./generated/mach-rewards.ts";
import { machSlasherAbi } from "./generated/mach-slasher.ts";
import { operatorTableAbi } from "./generated/operator-table.ts";
import { operatorSet, type ServiceContext } from "./sets.ts";
import { type TableMember, tableMember, type Windows } from "./table.ts";

export interface ServiceStatus {
  readonly l1Block: number;
  /** Null before the start. */
  readonly startBlock: number | null;
  readonly windows: Windows;
  /** Of the newest L1 block; null before the start. */
  readonly epoch: number | null;
  /** The newest epoch whose table is committed, of the last few; null for none. */
  readonly committedEpoch: number | null;
  readonly active: readonly bigint[];
  readonly total: readonly bigint[];
  /** Weight that may join now, by class; null where there is no limit. */
  readonly room: readonly (bigint | null)[];
  /** L1 blocks that a weight is good for. */
  readonly life: number;
  readonly members: readonly (TableMember & { readonly convictedBy: Hex | null })[];
  readonly threshold: { readonly numerator: bigint; readonly denominator: bigint };
  readonly slashableInTime: boolean;
  readonly slashCount: number;
  readonly timelock: Address;
  readonly bountyFund: bigint;
  readonly rewardsFund: bigint;
  readonly rewardsNextEpoch: number;
}

/** How far back the newest commitment is looked for. */
const EPOCHS_BACK = 16;
const NO_LIMIT = 2n ** 256n - 1n;

/** A service: its epochs, weights, members and funds. */
export async function serviceStatus(context: ServiceContext, client: AnyClient): Promise<ServiceStatus> {
  const { core, suite } = context;
  const set = operatorSet(context);
  const table = { address: suite.table, abi: operatorTableAbi } as const;
  const am = { address: core.allocationManager, abi: allocationManagerAbi } as const;
  const registrar = { address: suite.registrar, abi: machRegistrarAbi } as const;
  const rewards = { address: suite.rewards, abi: machRewardsAbi } as const;
  const verifier = { address: suite.verifier, abi: machVerifierAbi } as const;
  const slasher = { address: suite.slasher, abi: machSlasherAbi } as const;

  const [
    head,
    start,
    windows,
    [active, total],
    room,
    life,
    operators,
    threshold,
    inTime,
    slashes,
    timelock,
    terms,
    token,
    next,
  ] = await Promise.all([
    getBlockNumber(client, { cacheTime: 0 }),
    view(client, { ...table, functionName: "startBlock" }),
    view(client, { ...table, functionName: "windows" }),
    view(client, { ...table, functionName: "weights" }),
    view(client, { ...table, functionName: "room" }),
    view(client, { ...table, functionName: "life" }),
    view(client, { ...am, functionName: "getMembers", args: [set] }),
    view(client, { ...verifier, functionName: "threshold" }),
    view(client, { ...registrar, functionName: "slashableInTime" }),
    view(client, { ...am, functionName: "getSlashCount", args: [set] }),
    view(client, { ...registrar, functionName: "timelock" }),
    view(client, { ...slasher, functionName: "terms" }),
    view(client, { ...rewards, functionName: "token" }),
    view(client, { ...rewards, functionName: "nextEpoch" }),
  ]);
  const [members, bountyFund, rewardsFund] = await Promise.all([
    Promise.all(operators.map((operator) => memberOf(context, operator, client))),
    view(client, { address: terms[0], abi: erc20Abi, functionName: "balanceOf", args: [suite.slasher] }),
    view(client, { address: token, abi: erc20Abi, functionName: "balanceOf", args: [suite.rewards] }),
  ]);
  const epoch = start === 0n ? null : Number((head - start) / BigInt(windows.epochLength));
  return {
    l1Block: Number(head),
    startBlock: start === 0n ? null : Number(start),
    windows,
    epoch,
    committedEpoch: epoch === null ? null : await newestCommitted(context, epoch, client),
    active,
    total,
    room: room.map((weight) => (weight === NO_LIMIT ? null : weight)),
    life: Number(life),
    members: members.sort((a, b) => a.index - b.index),
    threshold: { numerator: threshold[0], denominator: threshold[1] },
    slashableInTime: inTime,
    slashCount: Number(slashes),
    timelock,
    bountyFund,
    rewardsFund,
    rewardsNextEpoch: Number(next),
  };
}

async function memberOf(context: ServiceContext, operator: Address, client: AnyClient) {
  const slasher = { address: context.suite.slasher, abi: machSlasherAbi } as const;
  const [entry, fault] = await Promise.all([
    tableMember(context, operator, client),
    view(client, { ...slasher, functionName: "convictedBy", args: [operator] }),
  ]);
  return { ...entry, convictedBy: fault === zeroHash ? null : fault };
}

async function newestCommitted({ suite }: ServiceContext, epoch: number, client: AnyClient): Promise<number | null> {
  const table = { address: suite.table, abi: operatorTableAbi } as const;
  for (let e = epoch; e >= 0 && e > epoch - EPOCHS_BACK; e--) {
    if ((await view(client, { ...table, functionName: "commitments", args: [BigInt(e)] })) !== zeroHash) return e;
  }
  return null;
}
