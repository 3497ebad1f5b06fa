import { ALARMS, type Condition } from "../core/alarms.ts";
import { newId } from "../ids.ts";
import type { Database } from "../store/database.ts";
import type { AlarmBody, MessageKind } from "./message.ts";

export interface ToldAlarm {
  readonly rollup: { readonly id: string; readonly teamId: string; readonly name: string; readonly chainId: number };
  readonly alarm: Condition & { readonly id: string; readonly raisedAt: number };
  readonly clearedAt: number | null;
}

/** A destination that takes nothing for so long loses what comes further, and is shown as failing. */
const WAITING_MAX = 500;

const iso = (ms: number): string => new Date(ms).toISOString();

/** Writes messages into the outbox, within the transaction of what they tell. */
export class AlarmMessages {
  readonly #now: () => number;

  constructor(options: { readonly nowMs: () => number }) {
    this.#now = options.nowMs;
  }

  /** One to each destination of the team; that an alarm is over is told to those who were told that it was raised. */
  async tell(db: Database, kind: "raised" | "cleared", told: ToldAlarm): Promise<void> {
    const { teamId } = told.rollup;
    const { severity } = ALARMS[told.alarm.code];
    const destinations = await db
      .selectFrom("alarm_destinations")
      .select(["id", "min_severity"])
      .where("team_id", "=", teamId)
      .execute();
    if (destinations.length === 0) return;
    const { name } = await db.selectFrom("teams").select("name").where("id", "=", teamId).executeTakeFirstOrThrow();
    const know =
      kind === "raised"
        ? destinations.filter(({ min_severity }) => severity === "critical" || min_severity === "warning")
        : await db
            .selectFrom("deliveries")
            .select("destination_id as id")
            .where("incident_id", "=", told.alarm.id)
            .where("kind", "=", "raised")
            .execute();
    for (const { id } of destinations.filter((destination) => know.some((known) => known.id === destination.id))) {
      await this.#insert(db, { destinationId: id, kind, told, team: { id: teamId, name } });
    }
  }

  async #insert(
    db: Database,
    message: {
      readonly destinationId: string;
      readonly kind: "raised" | "cleared";
      readonly told: ToldAlarm;
      readonly team: AlarmBody["team"];
    },
  ): Promise<void> {
    const { destinationId, kind, told, team } = message;
    const now = this.#now();
    const { waiting } = await db
      .selectFrom("deliveries")
      .select((row) => row.fn.countAll<number>().as("waiting"))
      .where("destination_id", "=", destinationId)
      .where("status", "=", "pending")
      .executeTakeFirstOrThrow();
    const full = Number(waiting) >= WAITING_MAX;
    const id = newId("dlv", now);
    await db
      .insertInto("deliveries")
      .values({
        id,
        team_id: team.id,
        destination_id: destinationId,
        incident_id: told.alarm.id,
        kind,
        body: JSON.stringify(bodyOf(kind, { id, at: now, team, told })),
        status: full ? "failed" : "pending",
        attempts: 0,
        next_at: now,
        problem: full ? `${WAITING_MAX} messages wait for this destination already` : null,
        created_at: now,
        ended_at: full ? now : null,
      })
      .onConflict((conflict) => conflict.columns(["destination_id", "incident_id", "kind"]).doNothing())
      .execute();
  }
}

export function bodyOf(
  kind: MessageKind,
  {
    id,
    at,
    team,
    told,
  }: {
    readonly id: string;
    readonly at: number;
    readonly team: AlarmBody["team"];
    readonly told: ToldAlarm | null;
  },
): AlarmBody {
  const head = { id, type: `alarm.${kind}` as const, at: iso(at), team };
  if (told === null) return { ...head, rollup: null, alarm: null };
  const { rollup, alarm, clearedAt } = told;
  const { severity, title } = ALARMS[alarm.code];
  return {
    ...head,
    rollup: { id: rollup.id, name: rollup.name, chainId: rollup.chainId },
    alarm: {
      id: alarm.id,
      code: alarm.code,
      severity,
      title,
      message: alarm.message,
      raisedAt: iso(alarm.raisedAt),
      clearedAt: clearedAt === null ? null : iso(clearedAt),
    },
  };
}
