import type { Kysely } from "kysely";
import type { Migration, MigrationProvider } from "kysely/migration";
import { alarmTables } from "./alarm-migration.ts";
import { attachedMach, attachments } from "./attachment-migration.ts";
import { addDrills, addKeyRotations, addRestores } from "./lifecycle-migrations.ts";
import { moneyTables } from "./money-migration.ts";
import type { Tables } from "./tables.ts";
import { addVerifiedContracts } from "./verified-migration.ts";

/** The first schema. What has been released is never edited: a change is a further migration. */
const first: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db as Kysely<Tables>;
    const table = (name: keyof Tables) => schema.createTable(name);
    await table("meta")
      .addColumn("key", "text", (c) => c.primaryKey())
      .addColumn("value", "text", (c) => c.notNull())
      .execute();
    await table("users")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("address", "text", (c) => c.unique())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();
    await table("teams")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();
    await table("members")
      .addColumn("team_id", "text", (c) => c.notNull().references("teams.id"))
      .addColumn("user_id", "text", (c) => c.notNull().references("users.id"))
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("joined_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("members_key", ["team_id", "user_id"])
      .execute();
    await table("sessions")
      .addColumn("hash", "text", (c) => c.primaryKey())
      .addColumn("user_id", "text", (c) => c.notNull().references("users.id"))
      .addColumn("csrf", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .execute();
    await table("tokens")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("hash", "text", (c) => c.notNull().unique())
      .addColumn("team_id", "text", (c) => c.notNull().references("teams.id"))
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("created_by", "text", (c) => c.notNull().references("users.id"))
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("last_used_at", "bigint")
      .addColumn("expires_at", "bigint")
      .execute();
    await table("sign_in_links")
      .addColumn("hash", "text", (c) => c.primaryKey())
      .addColumn("user_id", "text", (c) => c.notNull().references("users.id"))
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .execute();
    await table("nonces")
      .addColumn("nonce", "text", (c) => c.primaryKey())
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .execute();
    await table("rollups")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("team_id", "text", (c) => c.notNull().references("teams.id"))
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("network_id", "text", (c) => c.notNull())
      .addColumn("chain_id", "bigint", (c) => c.notNull())
      .addColumn("revision", "bigint", (c) => c.notNull())
      .addColumn("desired", "text", (c) => c.notNull())
      .addColumn("phase", "text", (c) => c.notNull())
      .addColumn("problem", "text")
      .addColumn("ports", "text")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("updated_at", "bigint", (c) => c.notNull())
      .addColumn("ready_at", "bigint")
      .addColumn("live_name", "text")
      .addColumn("live_chain", "text", (c) => c.unique())
      .addUniqueConstraint("rollups_name", ["team_id", "live_name"])
      .execute();
    await schema.createIndex("rollups_by_team").on("rollups").columns(["team_id", "id"]).execute();
    await table("revisions")
      .addColumn("rollup_id", "text", (c) => c.notNull().references("rollups.id"))
      .addColumn("revision", "bigint", (c) => c.notNull())
      .addColumn("spec", "text", (c) => c.notNull())
      .addColumn("author_id", "text", (c) => c.notNull())
      .addColumn("note", "text")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("revisions_key", ["rollup_id", "revision"])
      .execute();
    await table("steps")
      .addColumn("rollup_id", "text", (c) => c.notNull().references("rollups.id"))
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("status", "text", (c) => c.notNull())
      .addColumn("attempt", "bigint", (c) => c.notNull())
      .addColumn("started_at", "bigint")
      .addColumn("ended_at", "bigint")
      .addColumn("detail", "text")
      .addColumn("problem", "text")
      .addColumn("result", "text")
      .addPrimaryKeyConstraint("steps_key", ["rollup_id", "name"])
      .execute();
    await table("keys")
      .addColumn("rollup_id", "text", (c) => c.notNull().references("rollups.id"))
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("address", "text", (c) => c.notNull())
      .addColumn("ciphertext", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("keys_key", ["rollup_id", "role"])
      .execute();
    await table("outbox")
      .addColumn("network_id", "text", (c) => c.notNull())
      .addColumn("sender", "text", (c) => c.notNull())
      .addColumn("nonce", "bigint", (c) => c.notNull())
      .addColumn("hash", "text", (c) => c.notNull())
      .addColumn("raw", "text", (c) => c.notNull())
      .addColumn("rollup_id", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("outbox_key", ["network_id", "sender", "nonce"])
      .execute();
    await table("audit")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("team_id", "text", (c) => c.notNull())
      .addColumn("actor_id", "text", (c) => c.notNull())
      .addColumn("actor_name", "text", (c) => c.notNull())
      .addColumn("action", "text", (c) => c.notNull())
      .addColumn("target", "text")
      .addColumn("details", "text", (c) => c.notNull())
      .addColumn("ip", "text", (c) => c.notNull())
      .addColumn("at", "bigint", (c) => c.notNull())
      .execute();
    await schema.createIndex("audit_by_team").on("audit").columns(["team_id", "id"]).execute();
    await table("idempotency")
      .addColumn("key", "text", (c) => c.primaryKey())
      .addColumn("request_hash", "text", (c) => c.notNull())
      .addColumn("status", "bigint")
      .addColumn("response", "text")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();
    await table("leases")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("holder", "text", (c) => c.notNull())
      .addColumn("token", "bigint", (c) => c.notNull())
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .execute();
  },
};

const replacements: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await (db as Kysely<Tables>).schema
      .createTable("outbox_replacements")
      .addColumn("network_id", "text", (c) => c.notNull())
      .addColumn("sender", "text", (c) => c.notNull())
      .addColumn("nonce", "bigint", (c) => c.notNull())
      .addColumn("attempt", "bigint", (c) => c.notNull())
      .addColumn("hash", "text", (c) => c.notNull())
      .addColumn("raw", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("outbox_replacements_key", ["network_id", "sender", "nonce", "attempt"])
      .execute();
  },
};

export const MIGRATIONS: MigrationProvider = {
  getMigrations: () =>
    Promise.resolve({
      "0001-first": first,
      "0002-alarms": alarmTables,
      "0003-verified-contracts": addVerifiedContracts,
      "0004-money": moneyTables,
      "0005-outbox-replacements": replacements,
      "0006-drills": addDrills,
      "0007-restores": addRestores,
      "0008-key-rotations": addKeyRotations,
      "0009-attachments": attachments,
      "0010-attached-mach": attachedMach,
    }),
};
