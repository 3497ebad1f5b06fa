import { queryOptions } from "@tanstack/react-query";
import { request } from "./client.ts";
import { rollupPath } from "./queries.ts";
import type { Costs } from "./types.ts";

const REFRESH_MS = 15_000;

export const costsQuery = (team: string, rollup: string, days: number) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "costs", days],
    queryFn: ({ signal }) => request<Costs>(`${rollupPath(team, rollup)}/costs`, { query: { days }, signal }),
    refetchInterval: REFRESH_MS,
  });
