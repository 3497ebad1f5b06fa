import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { SpecSchema } from "../form/schema.ts";
import { holdCsrfToken, isUnauthenticated, request, segment } from "./client.ts";
import type {
  ApiToken,
  AuditEntry,
  Drill,
  Live,
  Member,
  Network,
  Page,
  PublicStatus,
  Revision,
  RoleKey,
  Rollup,
  RollupSummary,
  Session,
  Snapshot,
} from "./types.ts";

const teamPath = (team: string) => `/teams/${segment(team)}`;
export const rollupPath = (team: string, rollup: string) => `${teamPath(team)}/rollups/${segment(rollup)}`;

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  /** null: nobody is signed in. */
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      const session = await request<Session>("/session", { signal });
      holdCsrfToken(session.csrfToken);
      return session;
    } catch (error) {
      if (!isUnauthenticated(error)) throw error;
      holdCsrfToken(undefined);
      return null;
    }
  },
  staleTime: 60_000,
});

export const rollupsQuery = (team: string) =>
  queryOptions({
    queryKey: ["team", team, "rollups"],
    queryFn: ({ signal }) =>
      request<Page<RollupSummary>>(`${teamPath(team)}/rollups`, { query: { limit: 100 }, signal }),
    refetchInterval: 10_000,
  });

/** Those after the page that `rollupsQuery` keeps live. */
export const olderRollupsQuery = (team: string, cursor: string | null) =>
  infiniteQueryOptions({
    queryKey: ["team", team, "older-rollups", cursor],
    enabled: false,
    queryFn: ({ signal, pageParam }) =>
      request<Page<RollupSummary>>(`${teamPath(team)}/rollups`, {
        query: { limit: 100, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: cursor,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

export const rollupQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup],
    queryFn: ({ signal }) => request<Rollup>(rollupPath(team, rollup), { signal }),
  });

export const liveQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "live"],
    queryFn: ({ signal }) => request<Live>(`${rollupPath(team, rollup)}/status`, { signal }),
  });

export const revisionsQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "revisions"],
    queryFn: ({ signal }) => request<Page<Revision>>(`${rollupPath(team, rollup)}/revisions`, { signal }),
  });

/** Accounts that act for the rollup; read again soon while one of them is being replaced. */
export const keysQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "keys"],
    queryFn: async ({ signal }) =>
      (await request<{ items: readonly RoleKey[] }>(`${rollupPath(team, rollup)}/keys`, { signal })).items,
    refetchInterval: ({ state }) => (state.data?.some(({ rotation }) => rotation !== null) === true ? 2_000 : 30_000),
  });

/** The newest rehearsals; read again soon while one is under way. */
export const drillsQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "drills"],
    queryFn: ({ signal }) => request<Page<Drill>>(`${rollupPath(team, rollup)}/drills`, { signal }),
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ status }) => status === "running") === true ? 1_000 : 30_000,
  });

export const snapshotsQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "snapshots"],
    queryFn: async ({ signal }) =>
      (await request<{ items: readonly Snapshot[] }>(`${rollupPath(team, rollup)}/snapshots`, { signal })).items,
    // A drill or somebody else may take one.
    refetchInterval: 5_000,
  });

export const networksQuery = queryOptions({
  queryKey: ["networks"],
  queryFn: async ({ signal }) => (await request<{ items: readonly Network[] }>("/networks", { signal })).items,
});

export const schemaQuery = queryOptions({
  queryKey: ["schema"],
  queryFn: ({ signal }) => request<SpecSchema>("/schema", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export const membersQuery = (team: string) =>
  queryOptions({
    queryKey: ["team", team, "members"],
    queryFn: async ({ signal }) =>
      (await request<{ items: readonly Member[] }>(`${teamPath(team)}/members`, { signal })).items,
  });

export const tokensQuery = (team: string) =>
  queryOptions({
    queryKey: ["team", team, "tokens"],
    queryFn: async ({ signal }) =>
      (await request<{ items: readonly ApiToken[] }>(`${teamPath(team)}/tokens`, { signal })).items,
  });

export const auditQuery = (team: string) =>
  infiniteQueryOptions({
    queryKey: ["team", team, "audit"],
    queryFn: ({ signal, pageParam }) =>
      request<Page<AuditEntry>>(`${teamPath(team)}/audit`, { query: { limit: 50, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

export const publicStatusQuery = (rollup: string) =>
  queryOptions({
    queryKey: ["status", rollup],
    queryFn: ({ signal }) => request<PublicStatus>(`/status/${segment(rollup)}`, { signal }),
    refetchInterval: 2_000,
  });
