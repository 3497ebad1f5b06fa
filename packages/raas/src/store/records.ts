import { newId } from "../ids.ts";
import type { Database } from "./database.ts";
import type { Page } from "./rollup-records.ts";

export interface AuditEntry {
  readonly id: string;
  readonly at: number;
  readonly actor: { readonly id: string; readonly name: string };
  readonly action: string;
  readonly target: string | null;
  readonly details: unknown;
  readonly ip: string;
}

export type StoredAnswer =
  /** Nobody asked this before: the caller goes on, and saves its answer. */
  | { readonly kind: "new" }
  | { readonly kind: "replay"; readonly status: number; readonly response: string }
  | { readonly kind: "other-request" }
  | { readonly kind: "under-way" };

const IDEMPOTENCY_MS = 24 * 3_600_000;

/** What was done by whom, and answers that may be asked for twice. */
export class Records {
  readonly #db: Database;
  readonly #now: () => number;

  constructor(options: { readonly nowMs: () => number }, dependencies: { readonly db: Database }) {
    this.#now = options.nowMs;
    this.#db = dependencies.db;
  }

  async audit(teamId: string, entry: Omit<AuditEntry, "id" | "at">): Promise<void> {
    const at = this.#now();
    await this.#db
      .insertInto("audit")
      .values({
        id: newId("aud", at),
        team_id: teamId,
        actor_id: entry.actor.id,
        actor_name: entry.actor.name,
        action: entry.action,
        target: entry.target,
        details: JSON.stringify(entry.details ?? {}),
        ip: entry.ip,
        at,
      })
      .execute();
  }

  async auditLog(teamId: string, { limit, before }: Page): Promise<readonly AuditEntry[]> {
    const rows = await this.#db
      .selectFrom("audit")
      .selectAll()
      .where("team_id", "=", teamId)
      .$if(before !== undefined, (query) => query.where("id", "<", before!))
      .orderBy("id", "desc")
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      at: row.at,
      actor: { id: row.actor_id, name: row.actor_name },
      action: row.action,
      target: row.target,
      details: JSON.parse(row.details),
      ip: row.ip,
    }));
  }

  /** Reserves a key, or tells what became of the request that did. */
  async begin(key: string, requestHash: string): Promise<StoredAnswer> {
    const now = this.#now();
    await this.#db
      .deleteFrom("idempotency")
      .where("created_at", "<", now - IDEMPOTENCY_MS)
      .execute();
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto("idempotency")
      .values({ key, request_hash: requestHash, status: null, response: null, created_at: now })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 1n) return { kind: "new" };
    const row = await this.#db.selectFrom("idempotency").selectAll().where("key", "=", key).executeTakeFirst();
    if (row === undefined) return { kind: "under-way" };
    if (row.request_hash !== requestHash) return { kind: "other-request" };
    if (row.status === null) return { kind: "under-way" };
    return { kind: "replay", status: row.status, response: row.response ?? "" };
  }

  async finish(key: string, answer: { readonly status: number; readonly response: string }): Promise<void> {
    await this.#db.updateTable("idempotency").set(answer).where("key", "=", key).execute();
  }

  /**
   * Frees the keys of requests that a process which died did not end.
   * @param olderThanMs so old is none that another control plane is still at; 0 where there is no other.
   */
  async abandonAll(olderThanMs: number): Promise<void> {
    const before = this.#now() - olderThanMs;
    await this.#db.deleteFrom("idempotency").where("status", "is", null).where("created_at", "<=", before).execute();
  }

  /** Frees the key of a request that failed on our side. */
  async abandon(key: string): Promise<void> {
    await this.#db.deleteFrom("idempotency").where("key", "=", key).where("status", "is", null).execute();
  }
}
