import type { Networks } from "../networks.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { Spending, SpendingStore } from "../store/spending.ts";
import { l1Cursor } from "./ledger.ts";
import {
  DAY_MS,
  dayName,
  dayStart,
  HOUR_MS,
  hourStart,
  monthName,
  monthStart,
  RATE_WINDOW_MS,
  spentPerDay,
  weiPerTransaction,
} from "./maths.ts";

/** What is known of a rollup's spending. */
export interface Finances {
  /** Milliseconds by the chain; null while nothing is measured. */
  readonly measuredFrom: number | null;
  /** Wei a day, by role. Roles that paid nothing spend 0; none while too little was measured. */
  rateOf(role: string): bigint | null;
  /** Of the running month, as far as it was measured. */
  readonly month: { readonly name: string; readonly spentWei: bigint };
}

/** What a span of time cost. */
export interface Cost {
  /** Paid by the batcher for the rollup's data. */
  readonly dataWei: bigint;
  /** Paid by all others: proposals, operators' upkeep, contracts. */
  readonly otherWei: bigint;
  readonly dataBytes: number;
  readonly blobs: number;
}

export interface CostHour extends Cost {
  /** Milliseconds by the chain. */
  readonly startMs: number;
}

export interface CostDay extends Cost {
  /** `2026-11-26`, UTC. */
  readonly day: string;
  /** Users' transactions on the rollup. */
  readonly transactions: number;
  readonly weiPerTransaction: bigint | null;
}

const CACHE_MS = 10_000;
const CACHE_MAX = 10_000;

/** Answers questions about money from what the ledger has measured. */
export class Money {
  readonly #now: () => number;
  readonly #spending: SpendingStore;
  readonly #networks: Networks;
  readonly #cache = new Map<string, { readonly at: number; readonly value: Promise<Finances> }>();

  constructor(
    options: { readonly nowMs: () => number },
    dependencies: { readonly spending: SpendingStore; readonly networks: Networks },
  ) {
    this.#now = options.nowMs;
    this.#spending = dependencies.spending;
    this.#networks = dependencies.networks;
  }

  async finances(rollup: RollupRecord): Promise<Finances> {
    const known = this.#cache.get(rollup.id);
    if (known !== undefined && this.#now() - known.at < CACHE_MS) return await known.value;
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    const value = this.#finances(rollup);
    this.#cache.set(rollup.id, { at: this.#now(), value });
    value.catch(() => this.#cache.delete(rollup.id));
    return await value;
  }

  /** Every day from the first that was measured to today, at most `days` of them; the oldest first. */
  async costs(rollup: RollupRecord, days: number): Promise<readonly CostDay[]> {
    const now = this.#chainNow(rollup);
    const measured = await this.#measuredFrom(rollup);
    if (measured === null) return [];
    const first = dayStart(Math.max(measured, now - (days - 1) * DAY_MS));
    const [spent, used] = await Promise.all([
      this.#spending.spending(rollup.id, "day", first),
      this.#spending.usage(rollup.id, first),
    ]);
    const costs: CostDay[] = [];
    for (let start = first; start <= now; start += DAY_MS) {
      const cost = costOf(spent, start);
      const transactions = used.find(({ startAt }) => startAt === start)?.transactions ?? 0;
      costs.push({
        day: dayName(start),
        ...cost,
        transactions,
        weiPerTransaction: weiPerTransaction(cost.dataWei, transactions),
      });
    }
    return costs;
  }

  /** Every hour from the first that was measured to this one, at most `hours` of them; the oldest first. */
  async hourly(rollup: RollupRecord, hours: number): Promise<readonly CostHour[]> {
    const now = this.#chainNow(rollup);
    const measured = await this.#measuredFrom(rollup);
    if (measured === null) return [];
    const first = hourStart(Math.max(measured, now - (hours - 1) * HOUR_MS));
    const spent = await this.#spending.spending(rollup.id, "hour", first);
    const costs: CostHour[] = [];
    for (let start = first; start <= now; start += HOUR_MS) costs.push({ startMs: start, ...costOf(spent, start) });
    return costs;
  }

  async #finances(rollup: RollupRecord): Promise<Finances> {
    const now = this.#chainNow(rollup);
    const [measuredFrom, hours, days] = await Promise.all([
      this.#measuredFrom(rollup),
      this.#spending.spending(rollup.id, "hour", now - RATE_WINDOW_MS - DAY_MS),
      this.#spending.spending(rollup.id, "day", monthStart(now)),
    ]);
    return {
      measuredFrom,
      rateOf: (role) => {
        if (measuredFrom === null) return null;
        const spent = hours
          .filter((hour) => hour.role === role)
          .map((hour) => ({ startMs: hour.startAt, wei: hour.feeWei + hour.valueWei }));
        return spentPerDay(spent, { nowMs: now, measuredFromMs: measuredFrom });
      },
      month: { name: monthName(now), spentWei: sumOf(days) },
    };
  }

  /** The later of: the network is read, the rollup exists. */
  async #measuredFrom(rollup: RollupRecord): Promise<number | null> {
    const cursor = await this.#spending.cursor(l1Cursor(rollup.networkId));
    if (cursor === null) return null;
    return Math.max(cursor.since, rollup.createdAt + this.#networks.get(rollup.networkId).clockOffsetMs);
  }

  #chainNow({ networkId }: RollupRecord): number {
    return this.#now() + this.#networks.get(networkId).clockOffsetMs;
  }
}

/** Of what was spent, the span that begins at `startMs`. */
function costOf(spent: readonly Spending[], startMs: number): Cost {
  const all = spent.filter(({ startAt }) => startAt === startMs);
  const data = all.filter(({ role }) => role === "batcher");
  const dataWei = sumOf(data);
  return {
    dataWei,
    otherWei: sumOf(all) - dataWei,
    dataBytes: data.reduce((sum, { dataBytes }) => sum + dataBytes, 0),
    blobs: data.reduce((sum, { blobs }) => sum + blobs, 0),
  };
}

const sumOf = (list: readonly Spending[]): bigint =>
  list.reduce((sum, { feeWei, valueWei }) => sum + feeWei + valueWei, 0n);
