import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { Finality } from "./finality.ts";
import type { Rpc } from "./rpc.ts";

/** How long one block took from its sealing to each rung, in milliseconds; null: not there yet, or not known. */
export interface Latency {
  readonly number: number;
  readonly sealedAtMs: number;
  readonly blockCertificate: number | null;
  readonly safe: number | null;
  readonly finalized: number | null;
}

/** Blocks that are looked at, evenly spread. */
const SAMPLES = 48;
/** The node keeps the times of 8,192 blocks. */
const BLOCKS_MAX = 8_000;
const AGAIN_MS = 5_000;

/**
 * Heights to look at, the oldest first: multiples of a power of two, so that they stay the same while the chain grows.
 */
export function sampledHeights(latest: number, blocks: number): readonly number[] {
  const span = Math.min(latest, blocks, BLOCKS_MAX);
  let stride = 1;
  while (span / stride > SAMPLES) stride *= 2;
  const first = Math.max(1, Math.ceil((latest - span + 1) / stride)) * stride;
  const heights = [];
  for (let height = first; height <= latest; height += stride) heights.push(height);
  return heights;
}

/** Times of a block as the node saw them; null where it does not know when the block was sealed. */
async function latencyOf(rpc: Rpc, number: number): Promise<Latency | null> {
  const finality = await rpc.call("mach_getFinality", [`0x${number.toString(16)}`], Finality);
  const at = (level: string) => finality?.levels.find((each) => each.level === level)?.at ?? null;
  const sealedAtMs = at("block");
  if (sealedAtMs === null) return null;
  const since = (level: string) => {
    const ms = at(level);
    return ms === null ? null : Math.max(0, ms - sealedAtMs);
  };
  return {
    number,
    sealedAtMs,
    blockCertificate: since("blockCertificate"),
    safe: since("safe"),
    finalized: since("finalized"),
  };
}

/**
 * How long blocks took to each rung, the oldest first, of at most `blocks` newest. What is complete is not asked again.
 * Needs a node that knows MACH.
 */
export const latencyQuery = (rpc: Rpc, key: string, options: { readonly latest: number; readonly blocks: number }) =>
  queryOptions({
    queryKey: ["chain", key, "latency"],
    refetchInterval: AGAIN_MS,
    placeholderData: keepPreviousData,
    queryFn: async ({ client, queryKey }): Promise<readonly Latency[]> => {
      const known = new Map(client.getQueryData<readonly Latency[]>(queryKey)?.map((each) => [each.number, each]));
      const heights = sampledHeights(options.latest, options.blocks);
      const found = await Promise.all(
        heights.map(async (height) => {
          const before = known.get(height);
          return before !== undefined && before.finalized !== null ? before : latencyOf(rpc, height);
        }),
      );
      return found.filter((each) => each !== null);
    },
  });
