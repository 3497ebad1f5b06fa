import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { RaasError } from "../errors.ts";
import { MIGRATIONS } from "./migrations.ts";
import { SqliteWorkerDialect } from "./sqlite-dialect.ts";
import type { Tables } from "./tables.ts";

export type StoreOptions =
  | { readonly kind: "sqlite"; readonly file: string }
  /** A connection string as libpq writes it. */
  | { readonly kind: "postgres"; readonly url: string; readonly connections?: number };

export type Database = Kysely<Tables>;

const POSTGRES_INT8 = 20;
const POSTGRES_UNIQUE_VIOLATION = "23505";

/** Opens the store and brings its schema up to date. @throws RaasError `STORE_FAILED`, `STORE_NEWER` */
export async function openDatabase(options: StoreOptions): Promise<Database> {
  if (options.kind === "sqlite") await mkdir(dirname(options.file), { recursive: true, mode: 0o700 });
  const database = new Kysely<Tables>({
    dialect: options.kind === "sqlite" ? new SqliteWorkerDialect(options) : await postgres(options),
  });
  await requireKnownSchema(database);
  const { error } = await new Migrator({ db: database, provider: MIGRATIONS }).migrateToLatest();
  if (error !== undefined) {
    await database.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    throw new RaasError("STORE_FAILED", `the store's schema cannot be brought up to date: ${reason}`, { cause: error });
  }
  return database;
}

/**
 * A store that a newer version has written to is left alone: that version may have given rows another meaning.
 * @throws RaasError `STORE_NEWER`
 */
async function requireKnownSchema(database: Database): Promise<void> {
  const known = await MIGRATIONS.getMigrations();
  const done = await sql<{ readonly name: string }>`select name from kysely_migration`.execute(database).then(
    ({ rows }) => rows.map(({ name }) => name),
    // A store without that table is new; one that does not answer says so at the migration.
    () => [],
  );
  const unknown = done.filter((name) => !(name in known));
  if (unknown.length === 0) return;
  await database.destroy();
  throw new RaasError(
    "STORE_NEWER",
    `the store was written by a newer version of the control plane (${unknown.join(", ")}): run that version, or restore a backup from before it`,
    { details: { unknown } },
  );
}

async function postgres({
  url,
  connections = 10,
}: Extract<StoreOptions, { kind: "postgres" }>): Promise<PostgresDialect> {
  const { default: pg } = await import("pg");
  // Our whole numbers are times and counters, far below 2^53.
  const types = {
    getTypeParser: (oid: number, format?: "text" | "binary") =>
      oid === POSTGRES_INT8 ? Number : pg.types.getTypeParser(oid, format as "text"),
  };
  const pool = new pg.Pool({ connectionString: url, max: connections, types: types as never });
  // A server that goes away tells every connection, also those at rest or at their end. Who asks by one hears of it from
  // the query; unheard, it would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new PostgresDialect({ pool });
}

/** Whether a write failed since a unique value was taken, on either database. */
export function isUniqueViolation(error: unknown): boolean {
  if (error instanceof RaasError) return error.code === "CONFLICT";
  return error instanceof Error && (error as { code?: unknown }).code === POSTGRES_UNIQUE_VIOLATION;
}
