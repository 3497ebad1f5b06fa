import type { Address, Hex } from "viem";
import { readContract } from "viem/actions";
import type { AnyClient } from "../rpc/call.ts";
import { type Call, view } from "./call.ts";
import { operatorTableAbi } from "./generated/operator-table.ts";

type Suite = { readonly suite: { readonly table: Address } };

/** In L1 blocks: docs/spec/mach.md, section 11. */
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

/** Reads weights from the core again, for whoever is in the table: anybody may send it. */
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

export async function tableState({ suite }: Suite, client: AnyClient, blockNumber?: bigint): Promise<TableState> {
  const [depth, root, aggregate, oldestExpiry] = await readContract(client, {
    address: suite.table,
    abi: operatorTableAbi,
    functionName: "state",
    ...(blockNumber === undefined ? {} : { blockNumber }),
  });
  return { depth, root, aggregate, oldestExpiry };
}

export async function tableMember({ suite }: Suite, operator: Address, client: AnyClient): Promise<TableMember> {
  const [member, index, key, weight, expiry] = await view(client, {
    address: suite.table,
    abi: operatorTableAbi,
    functionName: "entryOf",
    args: [operator],
  });
  return { operator, member, index, key, weight, expiry };
}

/** A view of the operator table, typed by who asks. */
export async function table<T>(
  { suite }: Suite,
  client: AnyClient,
  functionName: string,
  args: readonly unknown[] = [],
): Promise<T> {
  return (await view(client, { address: suite.table, abi: operatorTableAbi, functionName, args } as never)) as T;
}

function call({ table: address }: Suite["suite"], label: string, functionName: string, args: readonly unknown[]): Call {
  return { label, address, abi: operatorTableAbi, functionName, args };
}
