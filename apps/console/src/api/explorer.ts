import { infiniteQueryOptions } from "@tanstack/react-query";
import { request } from "./client.ts";
import { ApiError } from "./errors.ts";
import { rollupPath } from "./queries.ts";
import type { Hex, Page } from "./types.ts";

/** A transaction as the rollup's explorer index holds it. */
export interface IndexedTransaction {
  readonly hash: Hex;
  readonly blockNumber: number;
  readonly timestamp: number | string;
  readonly from: Hex;
  readonly to: Hex | null;
  readonly created: Hex | null;
  readonly valueWei: string;
  readonly selector: string | null;
  readonly status: 0 | 1;
  readonly deposit: boolean;
}

const PAGE = 25;

/** What an account sent, received or made, newest first; null where this control plane keeps no index. */
export const accountTransactionsQuery = (team: string, rollup: string, address: Hex) =>
  infiniteQueryOptions({
    queryKey: ["team", team, "rollup", rollup, "index", address],
    queryFn: async ({ signal, pageParam }): Promise<Page<IndexedTransaction> | null> => {
      try {
        return await request<Page<IndexedTransaction>>(
          `${rollupPath(team, rollup)}/explorer/addresses/${address}/transactions`,
          { query: { limit: PAGE, cursor: pageParam }, signal },
        );
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page?.nextCursor ?? undefined,
  });
