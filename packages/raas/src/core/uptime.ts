/** How much of its time a rollup served its users, from its outages. Pure. */

export interface Outage {
  readonly raisedAt: number;
  /** Null: it lasts. */
  readonly clearedAt: number | null;
}

/** Milliseconds between `from` and `to` in which at least one outage lasted. Outages overlap: each moment counts once. */
export function downMs(
  outages: readonly Outage[],
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const spans = outages
    .map(({ raisedAt, clearedAt }) => ({ start: Math.max(from, raisedAt), end: Math.min(to, clearedAt ?? to) }))
    .filter(({ start, end }) => end > start)
    .sort((a, b) => a.start - b.start);
  let down = 0;
  let counted = from;
  for (const { start, end } of spans) {
    if (end <= counted) continue;
    down += end - Math.max(start, counted);
    counted = end;
  }
  return down;
}

/** Percent to two digits, rounded down, so that 100 means that nothing failed; null before there was any time. */
export function uptimePercent(
  outages: readonly Outage[],
  span: { readonly from: number; readonly to: number },
): number | null {
  const length = span.to - span.from;
  if (length <= 0) return null;
  return Math.floor(((length - downMs(outages, span)) / length) * 10_000) / 100;
}
