import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { request } from "./client.ts";
import { rollupPath } from "./queries.ts";
import type { Hex, Page } from "./types.ts";

/** A transaction as the rollup's explorer index holds it. */
export interface IndexedTransaction {
  readonly hash: Hex;
  readonly blockNumber: number;
  readonly from: Hex;
  readonly to: Hex | null;
  readonly created: Hex | null;
  readonly valueWei: string;
  readonly selector: string | null;
  readonly status: 0 | 1;
  readonly deposit: boolean;
}

export interface IndexedTransfer {
  readonly transactionHash: Hex;
  readonly logIndex: number;
  readonly blockNumber: number;
  readonly token: Hex;
  readonly from: Hex;
  readonly to: Hex;
  /** An amount in base units, or a collectible's id. */
  readonly value: string;
  readonly kind: "erc20" | "erc721";
}

export interface IndexedToken {
  readonly address: Hex;
  readonly kind: "erc20" | "erc721";
  readonly name: string | null;
  readonly symbol: string | null;
  readonly firstSeenBlock: number;
}

/** A call within a transaction that moved ether or made a contract. */
export interface IndexedCall {
  readonly transactionHash: Hex;
  readonly blockNumber: number;
  readonly position: number;
  readonly kind: "call" | "create" | "create2" | "selfdestruct";
  readonly from: Hex;
  readonly to: Hex;
  readonly valueWei: string;
}

const PAGE = 25;
const AGAIN_MS = 3_000;

/** A list of the index, newest first; the first page is kept fresh while one is on it. */
function indexQuery<Item>(team: string, rollup: string, path: string) {
  return infiniteQueryOptions({
    queryKey: ["team", team, "rollup", rollup, "index", path],
    queryFn: ({ signal, pageParam }) =>
      request<Page<Item>>(`${rollupPath(team, rollup)}/explorer${path}`, {
        query: { limit: PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : AGAIN_MS),
  });
}

/** What an account sent, received or made. */
export const accountTransactionsQuery = (team: string, rollup: string, address: Hex) =>
  indexQuery<IndexedTransaction>(team, rollup, `/addresses/${address}/transactions`);

export const accountCallsQuery = (team: string, rollup: string, address: Hex) =>
  indexQuery<IndexedCall>(team, rollup, `/addresses/${address}/internal-calls`);

export const accountTransfersQuery = (team: string, rollup: string, address: Hex) =>
  indexQuery<IndexedTransfer>(team, rollup, `/addresses/${address}/transfers`);

export const tokenTransfersQuery = (team: string, rollup: string, address: Hex) =>
  indexQuery<IndexedTransfer>(team, rollup, `/tokens/${address}/transfers`);

export const indexedTokensQuery = (team: string, rollup: string) => indexQuery<IndexedToken>(team, rollup, "/tokens");

/** What the index counts, and the last hour by minutes. */
export interface IndexActivity {
  readonly indexedNumber: number | null;
  readonly headNumber: number | null;
  readonly transactions: number;
  readonly addresses: number;
  readonly tokens: number;
  readonly perMinute: readonly { readonly minute: string; readonly transactions: number; readonly gasUsed: number }[];
}

export const activityQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "index", "overview"],
    queryFn: ({ signal }) => request<IndexActivity>(`${rollupPath(team, rollup)}/explorer/overview`, { signal }),
    refetchInterval: AGAIN_MS,
  });
