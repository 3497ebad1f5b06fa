import type { Address, Hex } from "viem";
import { getBlockNumber } from "viem/actions";
import type { AnyClient } from "../rpc/call.ts";
import { machSlasherAbi } from "./generated/mach-slasher.ts";
import { findLogs } from "./logs.ts";
import type { ServiceContext } from "./sets.ts";
import { table } from "./table.ts";

/** What became of one operator that contradicted itself. */
export interface SlashedOperator {
  readonly operator: Address;
  readonly faultId: Hex;
  /** L1 block in which it was convicted: out of the table at once, for good. */
  readonly convictedAt: number;
  /** L1 block of the slash; null while the core refuses it, being paused. */
  readonly slashedAt: number | null;
  /** Shares taken, by strategy of the set in ascending order; empty before the slash. */
  readonly shares: readonly bigint[];
}

export interface Slashes {
  /** Newest first. */
  readonly slashes: readonly SlashedOperator[];
  /** Older ones than this L1 block's were not looked for. */
  readonly fromBlock: number;
}

/** Of a longer past only the newest part is looked through: public endpoints answer a few thousand blocks at a time. */
const BLOCKS_BACK = 250_000n;

/** Convictions and slashes of a service, from its slasher's events. */
export async function getSlashes(
  client: AnyClient,
  { service }: { readonly service: ServiceContext },
): Promise<Slashes> {
  const [toBlock, startBlock] = await Promise.all([
    getBlockNumber(client, { cacheTime: 0 }),
    table<bigint>(service, client, "startBlock"),
  ]);
  const known = BigInt(service.fromBlock ?? startBlock);
  const fromBlock = toBlock - known > BLOCKS_BACK ? toBlock - BLOCKS_BACK : known;
  const logs = await findLogs<{ operator: Address; faultId: Hex; shares?: readonly bigint[] }>(
    { address: service.suite.slasher, abi: machSlasherAbi, events: ["Convicted", "Slashed"], fromBlock, toBlock },
    client,
  );
  const slashes = new Map<Address, SlashedOperator>();
  for (const { eventName, args, blockNumber } of logs) {
    const { operator, faultId } = args;
    const block = Number(blockNumber);
    // A conviction older than what was looked through shows by its slash alone.
    const held = slashes.get(operator) ?? { operator, faultId, convictedAt: block, slashedAt: null, shares: [] };
    slashes.set(operator, eventName === "Slashed" ? { ...held, slashedAt: block, shares: args.shares ?? [] } : held);
  }
  return { slashes: [...slashes.values()].reverse(), fromBlock: Number(fromBlock) };
}
