import { queryOptions } from "@tanstack/react-query";
import { request } from "./client.ts";
import { rollupPath } from "./queries.ts";
import type { Attachment } from "./types.ts";

export const attachmentQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "attachment"],
    queryFn: ({ signal }) => request<Attachment>(`${rollupPath(team, rollup)}/attachment`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
