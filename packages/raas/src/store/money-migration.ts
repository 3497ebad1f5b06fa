import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { Tables } from "./tables.ts";

export const moneyTables: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db as Kysely<Tables>;
    await schema
      .createTable("spending")
      .addColumn("rollup_id", "text", (c) => c.notNull().references("rollups.id"))
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("span", "text", (c) => c.notNull())
      .addColumn("start_at", "bigint", (c) => c.notNull())
      .addColumn("transactions", "bigint", (c) => c.notNull())
      .addColumn("fee_wei", "text", (c) => c.notNull())
      .addColumn("value_wei", "text", (c) => c.notNull())
      .addColumn("data_bytes", "bigint", (c) => c.notNull())
      .addColumn("blobs", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("spending_key", ["rollup_id", "span", "start_at", "role"])
      .execute();
    await schema.createIndex("spending_by_age").on("spending").columns(["span", "start_at"]).execute();
    await schema
      .createTable("usage")
      .addColumn("rollup_id", "text", (c) => c.notNull().references("rollups.id"))
      .addColumn("start_at", "bigint", (c) => c.notNull())
      .addColumn("transactions", "bigint", (c) => c.notNull())
      .addColumn("blocks", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("usage_key", ["rollup_id", "start_at"])
      .execute();
    await schema
      .createTable("cursors")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("position", "bigint", (c) => c.notNull())
      .addColumn("since", "bigint", (c) => c.notNull())
      .execute();
  },
};
