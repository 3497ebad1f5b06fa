import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { Tables } from "./tables.ts";

export const alarmTables: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db as Kysely<Tables>;
    await schema
      .createTable("incidents")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("team_id", "text", (c) => c.notNull().references("teams.id"))
      .addColumn("rollup_id", "text", (c) => c.notNull().references("rollups.id"))
      .addColumn("code", "text", (c) => c.notNull())
      .addColumn("subject", "text", (c) => c.notNull())
      .addColumn("message", "text", (c) => c.notNull())
      .addColumn("relapses", "bigint", (c) => c.notNull())
      .addColumn("raised_at", "bigint", (c) => c.notNull())
      .addColumn("cleared_at", "bigint")
      .addColumn("open_key", "text", (c) => c.unique())
      .execute();
    await schema.createIndex("incidents_by_team").on("incidents").columns(["team_id", "id"]).execute();
    await schema.createIndex("incidents_by_rollup").on("incidents").columns(["rollup_id", "id"]).execute();
    await schema
      .createTable("alarm_destinations")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("team_id", "text", (c) => c.notNull().references("teams.id"))
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("target", "text", (c) => c.notNull())
      .addColumn("ciphertext", "text")
      .addColumn("min_severity", "text", (c) => c.notNull())
      .addColumn("created_by", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();
    await schema.createIndex("destinations_by_team").on("alarm_destinations").columns(["team_id", "id"]).execute();
    await schema
      .createTable("deliveries")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("team_id", "text", (c) => c.notNull().references("teams.id"))
      .addColumn("destination_id", "text", (c) => c.notNull())
      .addColumn("incident_id", "text")
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("body", "text", (c) => c.notNull())
      .addColumn("status", "text", (c) => c.notNull())
      .addColumn("attempts", "bigint", (c) => c.notNull())
      .addColumn("next_at", "bigint", (c) => c.notNull())
      .addColumn("problem", "text")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("ended_at", "bigint")
      .addUniqueConstraint("deliveries_once", ["destination_id", "incident_id", "kind"])
      .execute();
    await schema.createIndex("deliveries_by_team").on("deliveries").columns(["team_id", "id"]).execute();
    await schema
      .createIndex("deliveries_waiting")
      .on("deliveries")
      .columns(["status", "destination_id", "id"])
      .execute();
  },
};
