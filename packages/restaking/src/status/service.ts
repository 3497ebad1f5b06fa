import { type Address, erc20Abi, type Hex, type PublicClient, zeroHash } from "viem";
import { operatorSet, type ServiceContext } from "../clients/sets.ts";
import { type TableMember, table, tableMember, type Windows } from "../clients/table.ts";
import { abiOf } from "../deployment.ts";
import { read } from "../transaction.ts";

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

export async function serviceStatus(context: ServiceContext, publicClient: PublicClient): Promise<ServiceStatus> {
  const { core, suite } = context;
  const set = operatorSet(context);
  const view = <T>(functionName: string, args: readonly unknown[] = []) =>
    table<T>(context, publicClient, functionName, args);
  const registrar = <T>(functionName: string) =>
    read<T>(publicClient, suite.registrar, abiOf("MachRegistrar"), functionName);
  const am = <T>(functionName: string, args: readonly unknown[]) =>
    read<T>(publicClient, core.allocationManager, abiOf("IAllocationManager"), functionName, args);
  const rewards = <T>(functionName: string) => read<T>(publicClient, suite.rewards, abiOf("MachRewards"), functionName);

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
    publicClient.getBlockNumber({ cacheTime: 0 }),
    view<bigint>("startBlock"),
    view<Windows>("windows"),
    view<[bigint[], bigint[]]>("weights"),
    view<bigint[]>("room"),
    view<bigint>("life"),
    am<Address[]>("getMembers", [set]),
    read<[bigint, bigint]>(publicClient, suite.verifier, abiOf("CertificateVerifier"), "threshold"),
    registrar<boolean>("slashableInTime"),
    am<bigint>("getSlashCount", [set]),
    registrar<Address>("timelock"),
    read<[Address, bigint, number, number]>(publicClient, suite.slasher, abiOf("MachSlasher"), "terms"),
    rewards<Address>("token"),
    rewards<bigint>("nextEpoch"),
  ]);
  const [members, bountyFund, rewardsFund] = await Promise.all([
    Promise.all(operators.map((operator) => memberOf(context, operator, publicClient))),
    read<bigint>(publicClient, terms[0], erc20Abi, "balanceOf", [suite.slasher]),
    read<bigint>(publicClient, token, erc20Abi, "balanceOf", [suite.rewards]),
  ]);
  const epoch = start === 0n ? null : Number((head - start) / BigInt(windows.epochLength));
  return {
    l1Block: Number(head),
    startBlock: start === 0n ? null : Number(start),
    windows,
    epoch,
    committedEpoch: epoch === null ? null : await newestCommitted(context, epoch, publicClient),
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

async function memberOf(context: ServiceContext, operator: Address, publicClient: PublicClient) {
  const [entry, fault] = await Promise.all([
    tableMember(context, operator, publicClient),
    read<Hex>(publicClient, context.suite.slasher, abiOf("MachSlasher"), "convictedBy", [operator]),
  ]);
  return { ...entry, convictedBy: fault === zeroHash ? null : fault };
}

async function newestCommitted(context: ServiceContext, epoch: number, publicClient: PublicClient) {
  for (let e = epoch; e >= 0 && e > epoch - EPOCHS_BACK; e--) {
    if ((await table<Hex>(context, publicClient, "commitments", [BigInt(e)])) !== zeroHash) return e;
  }
  return null;
}
