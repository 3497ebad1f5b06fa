import type { Selectable } from "kysely";
import type { MessageKind } from "../alarms/message.ts";
import type { AlarmTables } from "./alarm-tables.ts";
import type { Database } from "./database.ts";
import type { Page } from "./rollup-records.ts";

export interface Delivery {
  readonly id: string;
  readonly teamId: string;
  readonly destinationId: string;
  readonly incidentId: string | null;
  readonly kind: MessageKind;
  readonly body: string;
  readonly status: "pending" | "delivered" | "failed";
  readonly attempts: number;
  readonly nextAt: number;
  readonly problem: string | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** The outbox of messages. Who sends them asks what is due, and says what became of it. */
export class DeliveryStore {
  readonly #db: Database;

  constructor(dependencies: { readonly db: Database }) {
    this.#db = dependencies.db;
  }

  /** Of each destination the oldest message that waits, if its time has come: messages of one destination keep their order. */
  async due(nowMs: number, limit: number): Promise<readonly Delivery[]> {
    const rows = await this.#db
      .selectFrom("deliveries")
      .selectAll()
      .where("status", "=", "pending")
      .where("next_at", "<=", nowMs)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom("deliveries as earlier")
              .select("earlier.id")
              .where("earlier.status", "=", "pending")
              .whereRef("earlier.destination_id", "=", "deliveries.destination_id")
              .whereRef("earlier.id", "<", "deliveries.id"),
          ),
        ),
      )
      .orderBy("next_at")
      .limit(limit)
      .execute();
    return rows.map(deliveryOf);
  }

  async insert(delivery: Delivery): Promise<void> {
    await this.#db
      .insertInto("deliveries")
      .values({
        id: delivery.id,
        team_id: delivery.teamId,
        destination_id: delivery.destinationId,
        incident_id: delivery.incidentId,
        kind: delivery.kind,
        body: delivery.body,
        status: delivery.status,
        attempts: delivery.attempts,
        next_at: delivery.nextAt,
        problem: delivery.problem,
        created_at: delivery.createdAt,
        ended_at: delivery.endedAt,
      })
      .execute();
  }

  async attempted(
    id: string,
    {
      status,
      attempts,
      nextAt,
      problem,
      endedAt,
    }: Pick<Delivery, "status" | "attempts" | "nextAt" | "problem" | "endedAt">,
  ): Promise<void> {
    await this.#db
      .updateTable("deliveries")
      .set({ status, attempts, next_at: nextAt, problem, ended_at: endedAt })
      .where("id", "=", id)
      .execute();
  }

  /** The team's newest first. */
  async list(teamId: string, { limit, before }: Page): Promise<readonly Delivery[]> {
    const rows = await this.#db
      .selectFrom("deliveries")
      .selectAll()
      .where("team_id", "=", teamId)
      .$if(before !== undefined, (query) => query.where("id", "<", before!))
      .orderBy("id", "desc")
      .limit(limit)
      .execute();
    return rows.map(deliveryOf);
  }
}

function deliveryOf(row: Selectable<AlarmTables["deliveries"]>): Delivery {
  return {
    id: row.id,
    teamId: row.team_id,
    destinationId: row.destination_id,
    incidentId: row.incident_id,
    kind: row.kind as MessageKind,
    body: row.body,
    status: row.status as Delivery["status"],
    attempts: row.attempts,
    nextAt: row.next_at,
    problem: row.problem,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
