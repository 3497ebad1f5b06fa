import type { Database } from "./database.ts";
import type { Lease } from "./lease.ts";
import { fenced } from "./lease.ts";

const KEY = "heartbeat";
/** Written at most so often. */
const EVERY_MS = 15_000;

/** When a control plane was last at work, so that its own absence is noticed. */
export class Heartbeat {
  readonly #db: Database;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(dependencies: { readonly db: Database }) {
    this.#db = dependencies.db;
  }

  /** Milliseconds since 1970; null before the first. */
  async last(): Promise<number | null> {
    const row = await this.#db.selectFrom("meta").select("value").where("key", "=", KEY).executeTakeFirst();
    const at = Number(row?.value ?? Number.NaN);
    return Number.isSafeInteger(at) ? at : null;
  }

  /** @throws RaasError `LEASE_LOST` */
  async beat(lease: Lease, nowMs: number): Promise<void> {
    if (nowMs - this.#writtenAt < EVERY_MS) return;
    const value = String(nowMs);
    await fenced(this.#db, lease, (db) =>
      db
        .insertInto("meta")
        .values({ key: KEY, value })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
        .execute(),
    );
    this.#writtenAt = nowMs;
  }
}
