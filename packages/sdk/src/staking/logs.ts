import { type Abi, type Address, parseEventLogs } from "viem";
import { getLogs } from "viem/actions";
import type { AnyClient } from "../rpc/call.ts";

/** Blocks asked for at once: public endpoints refuse larger ranges. */
const BLOCKS_PER_QUERY = 5_000n;

export interface FoundLog<Args> {
  readonly eventName: string;
  readonly args: Args;
  readonly blockNumber: bigint;
  readonly logIndex: number;
}

/** A contract's events of some names over a range of blocks, in order; asked for page by page. */
export async function findLogs<Args>(
  query: {
    readonly address: Address;
    readonly abi: Abi;
    readonly events: readonly string[];
    readonly fromBlock: bigint;
    readonly toBlock: bigint;
  },
  client: AnyClient,
): Promise<FoundLog<Args>[]> {
  const { address, abi, events, fromBlock, toBlock } = query;
  const found: FoundLog<Args>[] = [];
  for (let from = fromBlock; from <= toBlock; from += BLOCKS_PER_QUERY) {
    const to = from + BLOCKS_PER_QUERY - 1n < toBlock ? from + BLOCKS_PER_QUERY - 1n : toBlock;
    const logs = await getLogs(client, { address, fromBlock: from, toBlock: to });
    for (const log of parseEventLogs({ abi, logs, eventName: [...events] })) {
      const { eventName, args, blockNumber, logIndex } = log as unknown as FoundLog<Args>;
      found.push({ eventName, args, blockNumber, logIndex });
    }
  }
  return found;
}
