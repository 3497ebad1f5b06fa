import { DRILL_KINDS, DRILL_TITLES } from "../drill/kinds.ts";
import type { SnapshotRecord } from "../snapshots/snapshots.ts";
import type { DrillRecord, DrillStore } from "../store/drills.ts";
import { iso, isoOrNull } from "./time.ts";

/** A drill as the API shows it. */
export const presentDrill = ({ id, kind, status, startedAt, endedAt, steps, summary, problem }: DrillRecord) => ({
  id,
  kind,
  title: DRILL_TITLES[kind],
  status,
  startedAt: iso(startedAt),
  endedAt: isoOrNull(endedAt),
  steps: steps.map((step) => ({ ...step, startedAt: iso(step.startedAt), endedAt: isoOrNull(step.endedAt) })),
  summary,
  problem,
});

export const presentSnapshot = ({ file, blockNumber, blockHash, bytes, takenAt, rehearsedAt }: SnapshotRecord) => ({
  file,
  blockNumber,
  blockHash,
  bytes,
  takenAt: iso(takenAt),
  rehearsedAt: isoOrNull(rehearsedAt),
});

/** The newest result of each kind that was rehearsed, for whoever looks at the rollup. */
export async function drillResults(rollupId: string, drills: DrillStore) {
  const newest = await drills.newestEnded(rollupId);
  const inOrder = DRILL_KINDS.map((kind) => newest.find((record) => record.kind === kind));
  return inOrder.flatMap((record) =>
    record?.endedAt == null
      ? []
      : [
          {
            kind: record.kind,
            title: DRILL_TITLES[record.kind],
            passed: record.status === "passed",
            endedAt: iso(record.endedAt),
            summary: record.summary,
          },
        ],
  );
}
