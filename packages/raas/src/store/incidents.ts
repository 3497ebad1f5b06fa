import type { Selectable } from "kysely";
import type { AlarmMessages } from "../alarms/messages.ts";
import type { AlarmChanges, AlarmCode, Standing } from "../core/alarms.ts";
import { ALARM_CODES, ALARMS, keyOf } from "../core/alarms.ts";
import type { AlarmTables } from "./alarm-tables.ts";
import type { Database } from "./database.ts";
import type { Lease } from "./lease.ts";
import { fenced } from "./lease.ts";
import type { Page } from "./rollup-records.ts";

export interface Incident {
  readonly id: string;
  readonly teamId: string;
  readonly rollupId: string;
  readonly code: AlarmCode;
  readonly subject: string;
  readonly message: string;
  readonly relapses: number;
  readonly raisedAt: number;
  readonly clearedAt: number | null;
}

/** A team's page, or one rollup's; all of them or those that stand. */
export type IncidentFilter = Page & { readonly rollupId?: string; readonly open?: boolean };

/** What went wrong and when, for 90 days. */
export const INCIDENTS_MS = 90 * 86_400_000;

/** Alarms as they were raised and cleared. With each go the messages that tell of it, in the same transaction. */
export class IncidentStore {
  readonly #db: Database;
  readonly #messages: AlarmMessages;

  constructor(dependencies: { readonly db: Database; readonly messages: AlarmMessages }) {
    this.#db = dependencies.db;
    this.#messages = dependencies.messages;
  }

  /** Alarms that stand, and those that were cleared after `since`, of all rollups. */
  async recent(since: number): Promise<readonly Incident[]> {
    const rows = await this.#db
      .selectFrom("incidents")
      .selectAll()
      .where((row) => row.or([row("cleared_at", "is", null), row("cleared_at", ">", since)]))
      .orderBy("id")
      .execute();
    return rows.flatMap(incidentOf);
  }

  async list(teamId: string, { limit, before, rollupId, open }: IncidentFilter): Promise<readonly Incident[]> {
    const rows = await this.#db
      .selectFrom("incidents")
      .selectAll()
      .where("team_id", "=", teamId)
      .$if(before !== undefined, (query) => query.where("id", "<", before!))
      .$if(rollupId !== undefined, (query) => query.where("rollup_id", "=", rollupId!))
      .$if(open === true, (query) => query.where("cleared_at", "is", null))
      .orderBy("id", "desc")
      .limit(limit)
      .execute();
    return rows.flatMap(incidentOf);
  }

  /** Of one rollup, those that were not over at `since`; the newest first, at most `limit`. */
  async since(rollupId: string, since: number, limit: number): Promise<readonly Incident[]> {
    const rows = await this.#db
      .selectFrom("incidents")
      .selectAll()
      .where("rollup_id", "=", rollupId)
      .where((row) => row.or([row("cleared_at", "is", null), row("cleared_at", ">", since)]))
      .orderBy("id", "desc")
      .limit(limit)
      .execute();
    return rows.flatMap(incidentOf);
  }

  /** All or nothing: what is recorded is told, and nothing else is. @throws RaasError `LEASE_LOST` */
  async apply(
    lease: Lease,
    rollup: { readonly id: string; readonly teamId: string; readonly name: string; readonly chainId: number },
    { raised, cleared }: Pick<AlarmChanges, "raised" | "cleared">,
  ): Promise<void> {
    await fenced(this.#db, lease, async (db) => {
      for (const alarm of cleared) {
        const { id, clearedAt } = alarm;
        await db.updateTable("incidents").set({ cleared_at: clearedAt, open_key: null }).where("id", "=", id).execute();
        await this.#messages.tell(db, "cleared", { rollup, alarm, clearedAt });
      }
      for (const alarm of raised) {
        const { numInsertedOrUpdatedRows } = await db
          .insertInto("incidents")
          .values(rowOf(rollup, alarm))
          .onConflict((conflict) => conflict.column("open_key").doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows === 1n)
          await this.#messages.tell(db, "raised", { rollup, alarm, clearedAt: null });
      }
    });
  }

  /** Forgets what is long over, and the messages about it. */
  async prune(nowMs: number): Promise<void> {
    const before = nowMs - INCIDENTS_MS;
    await this.#db.deleteFrom("incidents").where("cleared_at", "<", before).execute();
    await this.#db.deleteFrom("deliveries").where("ended_at", "<", before).execute();
  }
}

function rowOf(rollup: { readonly id: string; readonly teamId: string }, alarm: Standing) {
  const { id, code, subject, message, relapses, raisedAt } = alarm;
  return {
    id,
    team_id: rollup.teamId,
    rollup_id: rollup.id,
    code,
    subject,
    message,
    relapses,
    raised_at: raisedAt,
    cleared_at: null,
    open_key: `${rollup.id}/${keyOf(alarm)}`,
  };
}

/** None for a code that a later version wrote. */
function incidentOf(row: Selectable<AlarmTables["incidents"]>): readonly Incident[] {
  const code = ALARM_CODES.find((known) => known === row.code);
  if (code === undefined) return [];
  const { id, subject, message, relapses } = row;
  return [
    {
      id,
      teamId: row.team_id,
      rollupId: row.rollup_id,
      code,
      subject,
      message,
      relapses,
      raisedAt: row.raised_at,
      clearedAt: row.cleared_at,
    },
  ];
}

export const severityOf = ({ code }: Pick<Incident, "code">) => ALARMS[code].severity;
