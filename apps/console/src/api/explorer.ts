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
  readonly decimals: number | null;
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
const SEARCH_MAX = 100;
const AGAIN_MS = 3_000;

/** A list of the index, newest first; the first page is kept fresh while one is on it. */
function indexQuery<Item>(team: string, rollup: string, path: string, query: Readonly<Record<string, string>> = {}) {
  return infiniteQueryOptions({
    queryKey: ["team", team, "rollup", rollup, "index", path, query],
    queryFn: ({ signal, pageParam }) =>
      request<Page<Item>>(`${rollupPath(team, rollup)}/explorer${path}`, {
        query: { ...query, limit: PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : AGAIN_MS),
  });
}

/** All of the rollup; `deposits`: with those from the settlement network, of which each block begins with one. */
export const indexedTransactionsQuery = (team: string, rollup: string, deposits: boolean) =>
  indexQuery<IndexedTransaction>(team, rollup, "/transactions", { deposits: String(deposits) });

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

/** Tokens that an account ever sent or received. */
export const tokensHeldQuery = (team: string, rollup: string, address: Hex) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "index", "held", address],
    queryFn: async ({ signal }) =>
      (
        await request<{ items: readonly IndexedToken[] }>(
          `${rollupPath(team, rollup)}/explorer/addresses/${address}/tokens`,
          { signal },
        )
      ).items,
    refetchInterval: AGAIN_MS,
  });

export interface FoundToken {
  readonly id: Hex;
  /** Name and symbol, as the contract says. Untrusted. */
  readonly label: string;
}

/** Tokens whose name or symbol begins with `text`. @throws ApiError */
export async function tokensNamed(team: string, rollup: string, text: string): Promise<readonly FoundToken[]> {
  const { items } = await request<{ items: readonly (FoundToken & { readonly kind: string })[] }>(
    `${rollupPath(team, rollup)}/explorer/search`,
    { query: { q: text.slice(0, SEARCH_MAX) } },
  );
  return items.filter(({ kind }) => kind === "token");
}

export interface Minute {
  /** When it began, in milliseconds. */
  readonly startMs: number;
  /** Null before the chain's first block: users' transactions, and the gas of all. */
  readonly work: { readonly transactions: number; readonly gasUsed: number } | null;
}

const MINUTE_MS = 60_000;
const MINUTES = 60;

const NO_WORK = { transactions: 0, gasUsed: 0 };

/** The hour up to the newest minute that is told, the oldest first: minutes without a block have zeros. */
export function everyMinute(told: IndexActivity["perMinute"]): readonly Minute[] {
  const known = new Map(told.map(({ minute, ...work }) => [Date.parse(minute), work]));
  if (known.size === 0) return [];
  const first = Math.min(...known.keys());
  const last = Math.max(...known.keys());
  return Array.from({ length: MINUTES }, (_, index) => {
    const startMs = last - (MINUTES - 1 - index) * MINUTE_MS;
    return { startMs, work: startMs < first ? null : (known.get(startMs) ?? NO_WORK) };
  });
}

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
