import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const addVerifiedContracts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable("verified_contracts")
      .addColumn("rollup_id", "text", (c) => c.notNull().references("rollups.id"))
      .addColumn("code_hash", "text", (c) => c.notNull())
      .addColumn("match", "text", (c) => c.notNull())
      .addColumn("compiler", "text", (c) => c.notNull())
      .addColumn("file", "text", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("content", "text", (c) => c.notNull())
      .addColumn("verified_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("verified_contracts_key", ["rollup_id", "code_hash"])
      .execute();
  },
};
