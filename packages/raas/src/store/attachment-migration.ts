import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { Tables } from "./tables.ts";

/** Chains that others run. */
export const attachments: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db as Kysely<Tables>;
    await schema
      .alterTable("rollups")
      .addColumn("kind", "text", (c) => c.notNull().defaultTo("managed"))
      .execute();
    await schema
      .createTable("attachments")
      .addColumn("rollup_id", "text", (c) => c.primaryKey().references("rollups.id"))
      .addColumn("system_config", "text", (c) => c.notNull())
      .addColumn("genesis_hash", "text", (c) => c.notNull())
      .addColumn("rpc_host", "text", (c) => c.notNull())
      .addColumn("ciphertext", "text", (c) => c.notNull())
      .addColumn("findings", "text", (c) => c.notNull())
      .execute();
  },
};

/** Operators of the platform's own for chains that others run. */
export const attachedMach: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db as Kysely<Tables>;
    await schema.alterTable("attachments").addColumn("mach_peers", "text").execute();
    await schema.alterTable("attachments").addColumn("mach_started_at", "bigint").execute();
  },
};
