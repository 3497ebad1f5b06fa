import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { request, segment } from "./client.ts";
import type { AlarmDelivery, AlarmDestination, Incident, Page } from "./types.ts";

const teamPath = (team: string) => `/teams/${segment(team)}`;
export const destinationsPath = (team: string) => `${teamPath(team)}/alarm-destinations`;
const REFRESH_MS = 5_000;

export const incidentsQuery = (team: string) =>
  infiniteQueryOptions({
    queryKey: ["team", team, "alarms"],
    queryFn: ({ signal, pageParam }) =>
      request<Page<Incident>>(`${teamPath(team)}/alarms`, { query: { limit: 50, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: REFRESH_MS,
  });

export const destinationsQuery = (team: string) =>
  queryOptions({
    queryKey: ["team", team, "alarm-destinations"],
    queryFn: ({ signal }) =>
      request<{ items: readonly AlarmDestination[]; email: boolean }>(destinationsPath(team), { signal }),
  });

export const deliveriesQuery = (team: string) =>
  queryOptions({
    queryKey: ["team", team, "alarm-deliveries"],
    queryFn: async ({ signal }) =>
      (await request<Page<AlarmDelivery>>(`${teamPath(team)}/alarm-deliveries`, { query: { limit: 20 }, signal }))
        .items,
    refetchInterval: REFRESH_MS,
  });
