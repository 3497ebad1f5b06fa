import type { Database } from "./database.ts";
import type { Lease } from "./lease.ts";
import { fenced } from "./lease.ts";

export interface Cursor {
  /** The last block that was read. */
  readonly position: number;
  /** Milliseconds: nothing before was measured. */
  readonly since: number;
}

export interface Spending {
  readonly role: string;
  readonly startAt: number;
  readonly transactions: number;
  readonly feeWei: bigint;
  readonly valueWei: bigint;
  readonly dataBytes: number;
  readonly blobs: number;
}

export type Span = "hour" | "day";
export type SpendingEntry = Spending & { readonly rollupId: string; readonly span: Span };

export interface Usage {
  readonly startAt: number;
  readonly transactions: number;
  readonly blocks: number;
}

const HOURS_KEPT_MS = 8 * 86_400_000;
const DAYS_KEPT_MS = 400 * 86_400_000;

/** Sums of what was paid and used. Each is written in one transaction with the cursor, so that nothing counts twice. */
export class SpendingStore {
  readonly #db: Database;

  constructor(dependencies: { readonly db: Database }) {
    this.#db = dependencies.db;
  }

  async cursor(name: string): Promise<Cursor | null> {
    const row = await this.#db.selectFrom("cursors").selectAll().where("name", "=", name).executeTakeFirst();
    return row === undefined ? null : { position: row.position, since: row.since };
  }

  /** @throws RaasError `LEASE_LOST` */
  async add(lease: Lease, name: string, cursor: Cursor, entries: readonly SpendingEntry[]): Promise<void> {
    await fenced(this.#db, lease, async (db) => {
      for (const entry of entries) await addEntry(db, entry);
      await moveCursor(db, name, cursor);
    });
  }

  /** @throws RaasError `LEASE_LOST` */
  async addUsage(
    lease: Lease,
    { name, cursor, rollupId }: { readonly name: string; readonly cursor: Cursor; readonly rollupId: string },
    days: readonly Usage[],
  ): Promise<void> {
    await fenced(this.#db, lease, async (db) => {
      for (const { startAt, transactions, blocks } of days) {
        await db
          .insertInto("usage")
          .values({ rollup_id: rollupId, start_at: startAt, transactions, blocks })
          .onConflict((conflict) =>
            conflict.columns(["rollup_id", "start_at"]).doUpdateSet(({ ref, eb }) => ({
              transactions: eb(ref("usage.transactions"), "+", transactions),
              blocks: eb(ref("usage.blocks"), "+", blocks),
            })),
          )
          .execute();
      }
      await moveCursor(db, name, cursor);
    });
  }

  /** Of a rollup, from a time on; the oldest first. */
  async spending(rollupId: string, span: Span, fromMs: number): Promise<readonly Spending[]> {
    const rows = await this.#db
      .selectFrom("spending")
      .selectAll()
      .where("rollup_id", "=", rollupId)
      .where("span", "=", span)
      .where("start_at", ">=", fromMs)
      .orderBy("start_at")
      .execute();
    return rows.map((row) => ({
      role: row.role,
      startAt: row.start_at,
      transactions: row.transactions,
      feeWei: BigInt(row.fee_wei),
      valueWei: BigInt(row.value_wei),
      dataBytes: row.data_bytes,
      blobs: row.blobs,
    }));
  }

  async usage(rollupId: string, fromMs: number): Promise<readonly Usage[]> {
    const rows = await this.#db
      .selectFrom("usage")
      .selectAll()
      .where("rollup_id", "=", rollupId)
      .where("start_at", ">=", fromMs)
      .orderBy("start_at")
      .execute();
    return rows.map(({ start_at, transactions, blocks }) => ({ startAt: start_at, transactions, blocks }));
  }

  /** Accounts of a network's rollups, who spend there. */
  async payers(
    networkId: string,
  ): Promise<readonly { readonly rollupId: string; readonly role: string; readonly address: string }[]> {
    return await this.#db
      .selectFrom("keys")
      .innerJoin("rollups", "rollups.id", "keys.rollup_id")
      .select(["keys.rollup_id as rollupId", "keys.role as role", "keys.address as address"])
      .where("rollups.network_id", "=", networkId)
      .where("rollups.live_chain", "is not", null)
      .execute();
  }

  async prune(nowMs: number): Promise<void> {
    const old = (span: Span, keptMs: number) =>
      this.#db
        .deleteFrom("spending")
        .where("span", "=", span)
        .where("start_at", "<", nowMs - keptMs)
        .execute();
    await old("hour", HOURS_KEPT_MS);
    await old("day", DAYS_KEPT_MS);
    await this.#db
      .deleteFrom("usage")
      .where("start_at", "<", nowMs - DAYS_KEPT_MS)
      .execute();
  }
}

async function addEntry(db: Database, entry: SpendingEntry): Promise<void> {
  const { rollupId, role, span, startAt } = entry;
  const known = await db
    .selectFrom("spending")
    .selectAll()
    .where("rollup_id", "=", rollupId)
    .where("span", "=", span)
    .where("start_at", "=", startAt)
    .where("role", "=", role)
    .executeTakeFirst();
  const sums = {
    transactions: (known?.transactions ?? 0) + entry.transactions,
    fee_wei: (BigInt(known?.fee_wei ?? 0) + entry.feeWei).toString(),
    value_wei: (BigInt(known?.value_wei ?? 0) + entry.valueWei).toString(),
    data_bytes: (known?.data_bytes ?? 0) + entry.dataBytes,
    blobs: (known?.blobs ?? 0) + entry.blobs,
  };
  await db
    .insertInto("spending")
    .values({ rollup_id: rollupId, role, span, start_at: startAt, ...sums })
    .onConflict((conflict) => conflict.columns(["rollup_id", "span", "start_at", "role"]).doUpdateSet(sums))
    .execute();
}

async function moveCursor(db: Database, name: string, { position, since }: Cursor): Promise<void> {
  await db
    .insertInto("cursors")
    .values({ name, position, since })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ position, since }))
    .execute();
}
