import type { Selectable } from "kysely";
import type { DrillKind, DrillStep } from "../drill/kinds.ts";
import { RaasError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Database } from "./database.ts";
import { isUniqueViolation } from "./database.ts";
import type { Lease } from "./lease.ts";
import { fenced } from "./lease.ts";
import type { Page, Problem } from "./rollup-records.ts";
import type { Tables } from "./tables.ts";

export interface DrillRecord {
  readonly id: string;
  readonly rollupId: string;
  readonly kind: DrillKind;
  readonly status: "running" | "passed" | "failed";
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly steps: readonly DrillStep[];
  /** What was proved, in a sentence; null until it has passed. */
  readonly summary: string | null;
  readonly problem: Problem | null;
}

/** Rehearsals and what came of them. */
export class DrillStore {
  readonly #db: Database;
  readonly #now: () => number;

  constructor(options: { readonly nowMs: () => number }, dependencies: { readonly db: Database }) {
    this.#db = dependencies.db;
    this.#now = options.nowMs;
  }

  /** @throws RaasError `CONFLICT` while another drill of the rollup runs */
  async begin(
    lease: Lease,
    { rollupId, kind, actorId }: { readonly rollupId: string; readonly kind: DrillKind; readonly actorId: string },
  ): Promise<DrillRecord> {
    const startedAt = this.#now();
    const id = newId("drl", startedAt);
    const row = {
      id,
      rollup_id: rollupId,
      kind,
      status: "running",
      started_at: startedAt,
      ended_at: null,
      steps: "[]",
      summary: null,
      problem: null,
      actor_id: actorId,
      running: rollupId,
    };
    try {
      await fenced(this.#db, lease, (db) => db.insertInto("drills").values(row).execute());
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new RaasError("CONFLICT", "another drill of this rollup is under way: wait for its end");
    }
    return recordOf(row);
  }

  async save(lease: Lease, { id, status, endedAt, steps, summary, problem }: DrillRecord): Promise<void> {
    await fenced(this.#db, lease, (db) =>
      db
        .updateTable("drills")
        .set({
          status,
          ended_at: endedAt,
          steps: JSON.stringify(steps),
          summary,
          problem: problem === null ? null : JSON.stringify(problem),
          ...(status === "running" ? {} : { running: null }),
        })
        .where("id", "=", id)
        .execute(),
    );
  }

  /** Newest first. */
  async list(rollupId: string, { limit, before }: Page): Promise<readonly DrillRecord[]> {
    const rows = await this.#db
      .selectFrom("drills")
      .selectAll()
      .where("rollup_id", "=", rollupId)
      .$if(before !== undefined, (query) => query.where("id", "<", before!))
      .orderBy("id", "desc")
      .limit(limit)
      .execute();
    return rows.map(recordOf);
  }

  /** Of each kind the newest that has ended, whatever came of it. */
  async newestEnded(rollupId: string): Promise<readonly DrillRecord[]> {
    const rows = await this.#db
      .selectFrom("drills")
      .selectAll()
      .where("id", "in", (drills) =>
        drills
          .selectFrom("drills")
          .select((row) => row.fn.max("id").as("newest"))
          .where("rollup_id", "=", rollupId)
          .where("status", "!=", "running")
          .groupBy("kind"),
      )
      .execute();
    return rows.map(recordOf);
  }

  /** What an earlier holder of the lease left unfinished proves nothing: it is recorded as failed. */
  async interruptAll(lease: Lease): Promise<void> {
    const problem = JSON.stringify({ code: "DRILL_INTERRUPTED", message: "the control plane ended meanwhile" });
    await fenced(this.#db, lease, (db) =>
      db
        .updateTable("drills")
        .set({ status: "failed", ended_at: this.#now(), problem, running: null })
        .where("status", "=", "running")
        .execute(),
    );
  }
}

function recordOf(row: Selectable<Tables["drills"]>): DrillRecord {
  return {
    id: row.id,
    rollupId: row.rollup_id,
    kind: row.kind as DrillKind,
    status: row.status as DrillRecord["status"],
    startedAt: row.started_at,
    endedAt: row.ended_at,
    steps: JSON.parse(row.steps) as readonly DrillStep[],
    summary: row.summary,
    problem: row.problem === null ? null : (JSON.parse(row.problem) as Problem),
  };
}
