import type { Hex } from "@altlayer/protocol";

/** Of up to a third of faulty operators, so many are all faulty once in eighty slices, or less. */
export const SLICE_AGGREGATORS = 4;
/** Of the digest, what draws one: there are eight draws in it. */
const DRAW_CHARACTERS = 8;
const MAX_DRAWS = 8;

/**
 * Who is sent the signatures of a slice first (docs/spec/mach.md, section 8): drawn by its digest, so that all come to the
 * same, and others for the next slice: one that keeps what it gets stands in the way of a few only.
 * @param indices of the slice's table, ascending
 * @param count how many, at most eight
 * @returns in the order of the draw; all of them where there are no more than `count`
 */
export function sliceAggregators(
  digest: Hex,
  indices: readonly number[],
  count: number = SLICE_AGGREGATORS,
): readonly number[] {
  if (indices.length <= count) return indices;
  const left = [...indices];
  return Array.from({ length: Math.min(count, MAX_DRAWS) }, (_, draw) => {
    const from = 2 + draw * DRAW_CHARACTERS;
    const at = Number.parseInt(digest.slice(from, from + DRAW_CHARACTERS), 16) % left.length;
    return left.splice(at, 1)[0] as number;
  });
}
