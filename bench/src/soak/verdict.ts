export interface Sample {
  readonly sequencerRssMiB: number;
  readonly sequencerDescriptors: number;
  readonly followerRssMiB: number;
  readonly followerDescriptors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

export interface Verdict {
  readonly what: string;
  readonly early: number;
  readonly late: number;
  readonly ok: boolean;
}

/** What a value may grow by from the first to the last third: a share of it, and an amount. */
const BOUNDS: readonly (readonly [keyof Sample, string, number, number])[] = [
  ["sequencerRssMiB", "sequencer, resident memory (MiB)", 1.1, 32],
  ["sequencerDescriptors", "sequencer, open descriptors", 1, 8],
  ["followerRssMiB", "follower, resident memory (MiB)", 1.1, 32],
  ["followerDescriptors", "follower, open descriptors", 1, 8],
  ["p50Ms", "reads, median latency (ms)", 1.5, 2],
  ["p99Ms", "reads, 99th percentile (ms)", 1.5, 20],
  ["errors", "reads that failed", 1, 0],
];

/** Compares the medians of the first and the last third. */
export function verdicts(samples: readonly Sample[]): Verdict[] {
  const third = Math.max(1, Math.floor(samples.length / 3));
  return BOUNDS.map(([field, what, factor, amount]) => {
    const early = median(samples.slice(0, third).map((sample) => sample[field]));
    const late = median(samples.slice(-third).map((sample) => sample[field]));
    return { what, early, late, ok: late <= early * factor + amount };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
