import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import type { Rpc } from "./rpc.ts";
import { Block, FullBlock } from "./shapes.ts";

const hexNumber = (number: number) => `0x${number.toString(16)}`;

/** Blocks `from`, `from` - 1, … at most `count` of them, newest first. */
export async function blocksDownFrom(rpc: Rpc, from: number, count: number): Promise<readonly Block[]> {
  const numbers = Array.from({ length: Math.min(count, from + 1) }, (_, index) => from - index);
  const blocks = await Promise.all(
    numbers.map((number) => rpc.call("eth_getBlockByNumber", [hexNumber(number), false], Block)),
  );
  return blocks.filter((block) => block !== null);
}

/** The newest `count` blocks, newest first. Blocks that are known, and still on the chain, are not read again. */
export function useRecentBlocks(rpc: Rpc, key: string, latest: Block | undefined, count: number): readonly Block[] {
  const { data = [] } = useQuery({
    queryKey: ["chain", key, "recent", count, latest?.hash],
    enabled: latest !== undefined,
    gcTime: 10_000,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
    queryFn: async ({ client }): Promise<readonly Block[]> => {
      const head = latest as Block;
      const known = client.getQueryData<readonly Block[]>(["chain", key, "recent", count]) ?? [];
      const joined = await join(rpc, head, known, count);
      client.setQueryData(["chain", key, "recent", count], joined);
      return joined;
    },
  });
  return data;
}

async function join(rpc: Rpc, head: Block, known: readonly Block[], count: number): Promise<readonly Block[]> {
  const gap = head.number - (known[0]?.number ?? -1);
  if (known.length === 0 || gap > count || gap <= 0) return blocksDownFrom(rpc, head.number, count);
  const between = gap === 1 ? [] : await blocksDownFrom(rpc, head.number - 1, gap - 1);
  const fresh = [head, ...between];
  // After a reorganisation the known ones are no ancestors: read all again.
  if (fresh.at(-1)?.parentHash !== known[0]?.hash) return blocksDownFrom(rpc, head.number, count);
  return [...fresh, ...known].slice(0, count);
}

/** One block with its transactions, by number or hash; null: there is none. */
export const blockQuery = (rpc: Rpc, key: string, id: string) =>
  queryOptions({
    queryKey: ["chain", key, "block", id],
    queryFn: () =>
      id.startsWith("0x")
        ? rpc.call("eth_getBlockByHash", [id, true], FullBlock)
        : rpc.call("eth_getBlockByNumber", [hexNumber(Number(id)), true], FullBlock),
  });
