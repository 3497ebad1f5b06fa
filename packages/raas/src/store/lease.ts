import { sql } from "kysely";
import { RaasError } from "../errors.ts";
import type { Database } from "./database.ts";

/** The right to drive rollups, held by one control plane at a time. Its token rises with every new holder. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  readonly token: number;
}

export interface LeaseOptions {
  readonly name: string;
  readonly holder: string;
  readonly ttlMs: number;
  /** Milliseconds since 1970; `database` where control planes on machines with clocks of their own share a PostgreSQL. */
  readonly nowMs: number | "database";
  /** Take it from a holder that is known to be dead (the store's directory is locked by us). */
  readonly steal?: boolean;
}

const DATABASE_NOW = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/**
 * Takes or prolongs a lease; null while another holder's runs. Taking it raises the token (fencing): writes of the
 * holder before fail from then on, however late they come. One that ran out and that nobody took may be prolonged.
 */
export async function takeLease(
  db: Database,
  { name, holder, ttlMs, nowMs, steal = false }: LeaseOptions,
): Promise<Lease | null> {
  const now = nowMs === "database" ? DATABASE_NOW : nowMs;
  const expires_at = nowMs === "database" ? sql<number>`${DATABASE_NOW} + ${ttlMs}` : nowMs + ttlMs;
  await db
    .insertInto("leases")
    .values({ name, holder: "", token: 0, expires_at: 0 })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const prolonged = await db
    .updateTable("leases")
    .set({ expires_at })
    .where("name", "=", name)
    .where("holder", "=", holder)
    .returning("token")
    .executeTakeFirst();
  if (prolonged !== undefined) return { name, holder, token: prolonged.token };
  const taken = await db
    .updateTable("leases")
    .set({ holder, expires_at, token: sql<number>`token + 1` })
    .where("name", "=", name)
    .$if(!steal, (query) => query.where("expires_at", "<=", now))
    .returning("token")
    .executeTakeFirst();
  return taken === undefined ? null : { name, holder, token: taken.token };
}

/** Gives a lease back, so that the next holder need not wait. */
export async function releaseLease(db: Database, lease: Lease): Promise<void> {
  await db
    .updateTable("leases")
    .set({ expires_at: 0, holder: "" })
    .where("name", "=", lease.name)
    .where("holder", "=", lease.holder)
    .where("token", "=", lease.token)
    .execute();
}

/**
 * Runs writes that only the holder of the lease may make, as one transaction with the check.
 * @throws RaasError `LEASE_LOST` when another holder has taken it meanwhile; nothing is written then.
 */
export async function fenced<T>(db: Database, lease: Lease, writes: (db: Database) => Promise<T>): Promise<T> {
  return await db.transaction().execute(async (transaction) => {
    // An update takes the row's lock on PostgreSQL, so that no takeover slips in between check and writes.
    const held = await transaction
      .updateTable("leases")
      .set({ holder: lease.holder })
      .where("name", "=", lease.name)
      .where("holder", "=", lease.holder)
      .where("token", "=", lease.token)
      .returning("token")
      .executeTakeFirst();
    if (held === undefined) throw new RaasError("LEASE_LOST", `another control plane holds the lease ${lease.name}`);
    return await writes(transaction);
  });
}
