import { queryOptions } from "@tanstack/react-query";
import { request } from "./client.ts";
import { rollupPath } from "./queries.ts";
import type { Attachment, Rollup } from "./types.ts";

export const attachmentQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "attachment"],
    queryFn: ({ signal }) => request<Attachment>(`${rollupPath(team, rollup)}/attachment`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Its genesis is checked before anything is made, which takes some seconds. */
const GIVE_TIMEOUT_MS = 120_000;

/** Makes a MACH service for an attached chain. */
export async function giveMach(
  { teamId, id }: Pick<Rollup, "teamId" | "id">,
  { genesis, ...rest }: { readonly genesis: Blob; readonly peers: readonly string[]; readonly operators: number },
): Promise<Rollup> {
  const packed = await new Response(genesis.stream().pipeThrough(new CompressionStream("gzip"))).bytes();
  return await request<Rollup>(`${rollupPath(teamId, id)}/attachment/mach`, {
    method: "POST",
    body: { ...rest, genesis: base64Of(packed) },
    timeoutMs: GIVE_TIMEOUT_MS,
  });
}

/** In pieces: a call takes only so many arguments. */
function base64Of(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000)
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return btoa(pieces.join(""));
}
