import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { Tables } from "./tables.ts";

export const addDrills: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db as Kysely<Tables>;
    await schema
      .createTable("drills")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("rollup_id", "text", (c) => c.notNull().references("rollups.id"))
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("status", "text", (c) => c.notNull())
      .addColumn("started_at", "bigint", (c) => c.notNull())
      .addColumn("ended_at", "bigint")
      .addColumn("steps", "text", (c) => c.notNull())
      .addColumn("summary", "text")
      .addColumn("problem", "text")
      .addColumn("actor_id", "text", (c) => c.notNull())
      .addColumn("running", "text", (c) => c.unique())
      .execute();
    await schema.createIndex("drills_by_rollup").on("drills").columns(["rollup_id", "id"]).execute();
  },
};

export const addRestores: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db as Kysely<Tables>;
    await schema.alterTable("rollups").addColumn("restore", "text").execute();
  },
};

export const addKeyRotations: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db as Kysely<Tables>;
    await schema
      .createTable("key_rotations")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("rollup_id", "text", (c) => c.notNull().references("rollups.id"))
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("address", "text", (c) => c.notNull())
      .addColumn("ciphertext", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("in_use_since", "bigint")
      .addColumn("retired_at", "bigint")
      .addColumn("pending", "text", (c) => c.unique())
      .execute();
    await schema.createIndex("key_rotations_by_rollup").on("key_rotations").columns(["rollup_id", "id"]).execute();
  },
};
