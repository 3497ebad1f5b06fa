import type { Recorded } from "./messages.ts";

export interface Block {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  /** Hashes, deposits included. */
  readonly transactions: readonly string[];
}

/** Delays in milliseconds, and of how many things there is none: they were not certified. */
export interface Delays {
  readonly ms: readonly number[];
  readonly missed: number;
}

/** From a node's sight of each block to its sight of the block's certificate. */
export function blockDelays(blocks: readonly Block[], { sealed, certificates }: Recorded): Delays {
  const sealedAt = new Map(sealed.map(({ hash, atMs }) => [hash, atMs]));
  const certifiedAt = new Map(certificates.map(({ blockHash, atMs }) => [blockHash, atMs]));
  return delays(blocks.map(({ hash }) => [sealedAt.get(hash), certifiedAt.get(hash)]));
}

/**
 * From each transaction's sending to the first certificate that covers it: a slice's, or its block's where no slice of it
 * was certified before. `bySlice`: how many of them were slices'.
 */
export function transactionDelays(
  blocks: readonly Block[],
  { certificates }: Recorded,
  sentAtMs: ReadonlyMap<string, number>,
): Delays & { readonly bySlice: number } {
  let bySlice = 0;
  const pairs = blocks.flatMap((block) => {
    const covering = certificates
      .filter(({ height, parentHash }) => height === block.number && parentHash === block.parentHash)
      .filter(({ blockHash }) => blockHash === null || blockHash === block.hash)
      .toSorted((a, b) => a.atMs - b.atMs);
    return block.transactions.flatMap((hash, index) => {
      const sent = sentAtMs.get(hash);
      if (sent === undefined) return [];
      const first = covering.find(({ transactionCount }) => transactionCount > index);
      if (first?.blockHash === null) bySlice++;
      return [[sent, first?.atMs] as Pair];
    });
  });
  return { ...delays(pairs), bySlice };
}

type Pair = readonly [from: number | undefined, to: number | undefined];

function delays(pairs: readonly Pair[]): Delays {
  const ms = pairs.flatMap(([from, to]) => (from === undefined || to === undefined ? [] : [to - from]));
  return { ms: ms.toSorted((a, b) => a - b), missed: pairs.length - ms.length };
}

/** Of sorted values, the one below or at which that share of them is; null of none. */
export function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
