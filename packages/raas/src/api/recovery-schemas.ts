import { z } from "zod";
import { DRILL_KINDS } from "../drill/kinds.ts";

const time = z.string().describe("ISO 8601, UTC");
const problem = z.object({ code: z.string(), message: z.string() });

export const drillBody = z.strictObject({ kind: z.enum(DRILL_KINDS) });
export const drillSchema = z.object({
  id: z.string(),
  kind: z.enum(DRILL_KINDS),
  title: z.string(),
  status: z.enum(["running", "passed", "failed"]),
  startedAt: time,
  endedAt: time.nullable(),
  steps: z.array(
    z.object({
      title: z.string(),
      status: z.enum(["running", "done", "failed"]),
      startedAt: time,
      endedAt: time.nullable(),
      detail: z.string().nullable(),
    }),
  ),
  summary: z.string().nullable(),
  problem: problem.nullable(),
});

/** What users are told of drills: whether, when, and what it proved. */
export const drillResultSchema = z.object({
  kind: z.enum(DRILL_KINDS),
  title: z.string(),
  passed: z.boolean(),
  endedAt: time,
  summary: z.string().nullable(),
});

export const snapshotSchema = z.object({
  file: z.string(),
  blockNumber: z.number(),
  blockHash: z.string(),
  bytes: z.number(),
  takenAt: time,
  rehearsedAt: time.nullable().describe("when a copy of the chain was last started from it and agreed"),
});
