import type { Random } from "./random.ts";

/** What one seed draws for itself: who is there, and which faults there are ("swarm testing"). Percentages. */
export interface Settings {
  readonly weights: readonly bigint[];
  readonly byzantine: ReadonlySet<number>;
  /** Whether the faulty weigh less than a third: then no two certificates contradict, and certificates resume. */
  readonly safe: boolean;
  /** Joins at the given epoch, while somebody leaves. */
  readonly churn: { readonly epoch: number; readonly leaves: number; readonly joins: number } | null;
  readonly originDepth: number;
  readonly loss: number;
  readonly duplication: number;
  readonly delayMs: readonly [number, number];
  readonly partition: number;
  readonly crash: number;
  readonly restore: number;
  readonly equivocation: number;
  /** A branch besides the main one goes on though the L1 has settled another. */
  readonly stubborn: number;
  readonly lostDisk: number;
  readonly fastSequencer: number;
  readonly batchOfFork: number;
  readonly batchSkipped: number;
  readonly l1Reorg: number;
  /** An L1 that reorganises below what it finalised: P1 holds all the same. */
  readonly deepReorg: boolean;
}

export const SCHEDULE = { startBlock: 0, depth: 4, epochLength: 3 } as const;
export const TIMING = { l1Seconds: 12, l2Seconds: 4, sequencingWindow: 8 } as const;
/** Blocks below the head at which the L1 finalises. */
export const FINALITY = 2;
export const CHURN_PERCENT = 10n;

export function drawSettings(random: Random): Settings {
  const size = random.pick([3, 4, 4, 5, 5, 6, 7]);
  const weights = Array.from({ length: size }, () => BigInt(random.integer(10, 30)));
  const safe = random.chance(65);
  const byzantine = new Set<number>();
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  let faulty = 0n;
  for (let i = 0; i < size; i++) {
    const weight = weights[i] as bigint;
    const limit = safe ? (faulty + weight) * 3n < total : (faulty + weight) * 4n < total * 3n;
    if (limit && random.chance(safe ? 60 : 80)) {
      byzantine.add(i);
      faulty += weight;
    }
  }
  const sometimes = (percent: number, most: number) => (random.chance(percent) ? random.integer(1, most) : 0);
  const churn = random.chance(40)
    ? { epoch: random.integer(1, 4), leaves: random.integer(0, size - 1), joins: size }
    : null;
  return {
    // The newcomer weighs what d allows, and is honest.
    weights: churn === null ? weights : [...weights, (total * CHURN_PERCENT) / 100n],
    byzantine,
    safe,
    churn,
    originDepth: random.integer(0, 1),
    loss: sometimes(50, 40),
    duplication: sometimes(30, 30),
    delayMs: random.pick([
      [5, 50],
      [50, 400],
      [200, 4_000],
    ]),
    partition: sometimes(40, 6),
    crash: sometimes(50, 4),
    restore: sometimes(60, 60),
    equivocation: sometimes(60, 30),
    stubborn: random.chance(40) ? 90 : 0,
    lostDisk: sometimes(40, 8),
    fastSequencer: sometimes(20, 20),
    batchOfFork: sometimes(50, 50),
    batchSkipped: sometimes(40, 60),
    l1Reorg: sometimes(50, 25),
    deepReorg: random.chance(6),
  };
}
