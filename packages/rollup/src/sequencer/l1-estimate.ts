interface Point {
  readonly number: number;
  readonly timestamp: number;
}

/** The L1's average block time since the rollup's anchor; one second, the shortest in use, where nothing can be told. */
export function secondsPerBlock(anchor: Point, latest: Point): number {
  const blocks = latest.number - anchor.number;
  const seconds = latest.timestamp - anchor.timestamp;
  return blocks > 0 && seconds > 0 ? seconds / blocks : 1;
}

/** Height of an L1 that was last heard of `silentMs` ago at `latest`. A clock that jumped back counts as no time. */
export function estimateL1Number(seen: {
  readonly latest: number;
  readonly silentMs: number;
  readonly secondsPerBlock: number;
}): number {
  return seen.latest + Math.floor(Math.max(0, seen.silentMs) / (1000 * seen.secondsPerBlock));
}
