import type { Address, Hex, PublicClient } from "viem";
import { abiOf } from "../deployment.ts";
import { type Call, read } from "../transaction.ts";
import type { ServiceContext } from "./sets.ts";

type Suite = Pick<ServiceContext, "suite">;

export interface Windows {
  readonly k: number;
  readonly epochLength: number;
  readonly undecided: number;
  readonly certificateAge: number;
  readonly evidenceWindow: number;
  readonly pauseSlack: number;
}

export interface TableState {
  readonly depth: number;
  readonly root: Hex;
  readonly aggregate: { readonly X: bigint; readonly Y: bigint };
  /** The first L1 block in which some weight counts no more; the largest uint48 without weight. */
  readonly oldestExpiry: number;
}

export interface TableMember {
  readonly operator: Address;
  readonly member: boolean;
  readonly index: number;
  readonly key: { readonly X: bigint; readonly Y: bigint };
  /** By class. */
  readonly weight: readonly bigint[];
  /** Last L1 block whose epoch counts the weight; without weight, since when. */
  readonly expiry: number;
}

/** Reads weights from the core again, for whoever is in the table. */
export function refreshCall({ suite }: Suite, operators: readonly Address[]): Call {
  return call(suite, `refresh ${operators.length} operators`, "refresh", [operators]);
}

/** Takes out what has expired, oldest first. */
export function sweepCall({ suite }: Suite, limit: number): Call {
  return call(suite, "sweep expired weight", "sweep", [BigInt(limit)]);
}

/** Fixes an epoch's commitment. @param state as of the epoch's block. */
export function commitCall({ suite }: Suite, epoch: bigint, state: TableState): Call {
  const { depth, root, aggregate, oldestExpiry } = state;
  return call(suite, `commit epoch ${epoch}`, "commit", [epoch, depth, root, aggregate, oldestExpiry]);
}

export async function tableState(
  { suite }: Suite,
  publicClient: PublicClient,
  blockNumber?: bigint,
): Promise<TableState> {
  const [depth, root, aggregate, oldestExpiry] = (await publicClient.readContract({
    address: suite.table,
    abi: abiOf("OperatorTable"),
    functionName: "state",
    ...(blockNumber === undefined ? {} : { blockNumber }),
  })) as [number, Hex, TableState["aggregate"], number];
  return { depth, root, aggregate, oldestExpiry };
}

export async function tableMember(
  { suite }: Suite,
  operator: Address,
  publicClient: PublicClient,
): Promise<TableMember> {
  const [member, index, key, weight, expiry] = await table<
    [boolean, number, TableMember["key"], readonly bigint[], number]
  >({ suite }, publicClient, "entryOf", [operator]);
  return { operator, member, index, key, weight, expiry };
}

/** A view of the operator table. */
export function table<T>(
  { suite }: Suite,
  publicClient: PublicClient,
  functionName: string,
  args: readonly unknown[] = [],
): Promise<T> {
  return read<T>(publicClient, suite.table, abiOf("OperatorTable"), functionName, args);
}

function call({ table: address }: Suite["suite"], label: string, functionName: string, args: readonly unknown[]): Call {
  return { label, address, abi: abiOf("OperatorTable"), functionName, args };
}
