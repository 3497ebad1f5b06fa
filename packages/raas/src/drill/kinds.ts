/** What is rehearsed, each on an isolated copy with throwaway keys. */
export const DRILL_KINDS = ["restore", "withdrawal", "forced-inclusion", "upgrade"] as const;
export type DrillKind = (typeof DRILL_KINDS)[number];

export const DRILL_TITLES: Readonly<Record<DrillKind, string>> = {
  restore: "Restore from a snapshot",
  withdrawal: "Withdrawal without the platform",
  "forced-inclusion": "Forced inclusion with a dead sequencer",
  upgrade: "Network upgrade",
};

export interface DrillStep {
  readonly title: string;
  readonly status: "running" | "done" | "failed";
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly detail: string | null;
}
