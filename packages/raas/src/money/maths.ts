/** The one place where spending becomes rates, runways and shares of a budget. No clock: times are given. */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** A blob is paid for as a whole (EIP-4844). */
export const BLOB_BYTES = 131_072;

/** Spending is averaged over so long, or since it is measured. */
export const RATE_WINDOW_MS = 7 * DAY_MS;
/** Less than this says nothing about a day. */
const RATE_WINDOW_MIN_MS = 10 * 60_000;

/** What an account paid in a span of time that begins at `startMs`. */
export interface Spent {
  readonly startMs: number;
  /** Fees and what was sent along: both are gone from the balance. */
  readonly wei: bigint;
}

/**
 * Wei a day, from hourly sums. Null while too little was measured.
 * @example 0.5 ether in the last 12 hours, measured since then: 1 ether a day
 */
export function spentPerDay(
  hours: readonly Spent[],
  { nowMs, measuredFromMs }: { readonly nowMs: number; readonly measuredFromMs: number },
): bigint | null {
  const fromMs = Math.max(measuredFromMs, nowMs - RATE_WINDOW_MS);
  const windowMs = nowMs - fromMs;
  if (windowMs < RATE_WINDOW_MIN_MS) return null;
  // The hour in which the window begins counts in full: it overstates by an hour in a week at most.
  const wei = hours.reduce((sum, hour) => (hour.startMs + HOUR_MS > fromMs ? sum + hour.wei : sum), 0n);
  return (wei * BigInt(DAY_MS)) / BigInt(windowMs);
}

/**
 * Days that a balance lasts at a rate, to a hundredth. Null where nothing is spent, or the rate is unknown.
 * @example 3 ether at 2 ether a day: 1.5
 */
export function runwayDays(balanceWei: bigint, weiPerDay: bigint | null): number | null {
  if (weiPerDay === null || weiPerDay === 0n) return null;
  return Number((balanceWei * 100n) / weiPerDay) / 100;
}

/** Begin of the calendar month (UTC) that a time lies in. */
export function monthStart(ms: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

/** `2026-11`, and `2026-11-26`. */
export const monthName = (ms: number): string => new Date(ms).toISOString().slice(0, 7);
export const dayName = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const dayStart = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;
export const hourStart = (ms: number): number => Math.floor(ms / HOUR_MS) * HOUR_MS;

/** Share of the budget that is spent, in whole percent, rounded down; null without a budget (0). */
export function budgetPercent(spentWei: bigint, budgetWei: bigint): number | null {
  return budgetWei === 0n ? null : Number((spentWei * 100n) / budgetWei);
}

/** What a transaction's data cost on average; null when there was none. */
export function weiPerTransaction(wei: bigint, transactions: number): bigint | null {
  return transactions === 0 ? null : wei / BigInt(transactions);
}

export interface Receipt {
  readonly gasUsed: bigint;
  readonly effectiveGasPrice: bigint;
  readonly blobGasUsed: bigint;
  readonly blobGasPrice: bigint;
  /** Of a settlement network that is a rollup itself. */
  readonly l1Fee: bigint;
}

/** All that a transaction's sender paid for its inclusion: gas, blobs, and on a rollup its share of the L1's fee. */
export function feeOf({ gasUsed, effectiveGasPrice, blobGasUsed, blobGasPrice, l1Fee }: Receipt): bigint {
  return gasUsed * effectiveGasPrice + blobGasUsed * blobGasPrice + l1Fee;
}
