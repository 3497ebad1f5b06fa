import { localAccount } from "@altlayer/rollup";
import type { Selectable } from "kysely";
import type { PrivateKeyAccount } from "viem/accounts";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { newId } from "../ids.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Database } from "../store/database.ts";
import type { Lease } from "../store/lease.ts";
import { fenced } from "../store/lease.ts";
import type { Tables } from "../store/tables.ts";
import { contextOf, type KeyStore, type Role } from "./key-store.ts";
import type { Vault } from "./vault.ts";

/** Roles whose key the L1 contracts name, and whose key can therefore be another one by the owner's signature. */
export const ROTATING_ROLES = ["sequencer", "batcher", "proposer", "challenger"] as const;
export type RotatingRole = (typeof ROTATING_ROLES)[number];

export interface NextKey {
  readonly id: string;
  readonly rollupId: string;
  readonly role: RotatingRole;
  readonly address: Hex;
  readonly createdAt: number;
  /** Since when the node acts by it, the L1 having accepted it; null until then. */
  readonly inUseSince: number | null;
}

export interface RetiredKey {
  readonly role: RotatingRole;
  readonly address: Hex;
  readonly retiredAt: number;
}

/**
 * Keys beside those in use. A next key is made first and used once the L1 accepts it; only when that is final does it
 * take the old key's place. Retired keys are kept, encrypted: an account may still hold ether.
 */
export class KeyRotations {
  readonly #db: Database;
  readonly #vault: Vault;
  readonly #keys: KeyStore;
  readonly #now: () => number;

  constructor(
    options: { readonly nowMs: () => number },
    dependencies: { readonly db: Database; readonly vault: Vault; readonly keys: KeyStore },
  ) {
    this.#now = options.nowMs;
    this.#db = dependencies.db;
    this.#vault = dependencies.vault;
    this.#keys = dependencies.keys;
  }

  /** The role's next key, made now unless there is one. */
  async begin(lease: Lease, rollupId: string, role: RotatingRole): Promise<NextKey> {
    const key = generatePrivateKey();
    const created_at = this.#now();
    await fenced(this.#db, lease, (db) =>
      db
        .insertInto("key_rotations")
        .values({
          id: newId("rot", created_at),
          rollup_id: rollupId,
          role,
          address: privateKeyToAccount(key).address.toLowerCase(),
          ciphertext: this.#vault.seal(key, contextOf(rollupId, role)),
          created_at,
          in_use_since: null,
          retired_at: null,
          pending: `${rollupId}/${role}`,
        })
        .onConflict((conflict) => conflict.column("pending").doNothing())
        .execute(),
    );
    const row = await this.#pending(rollupId, role).executeTakeFirstOrThrow();
    return nextOf(row);
  }

  /** Next keys of that rollup, or of all. */
  async next(rollupId?: string): Promise<readonly NextKey[]> {
    const rows = await this.#db
      .selectFrom("key_rotations")
      .selectAll()
      .where("pending", "is not", null)
      .$if(rollupId !== undefined, (query) => query.where("rollup_id", "=", rollupId!))
      .orderBy("id")
      .execute();
    return rows.map(nextOf);
  }

  async retired(rollupId: string): Promise<readonly RetiredKey[]> {
    const rows = await this.#db
      .selectFrom("key_rotations")
      .selectAll()
      .where("rollup_id", "=", rollupId)
      .where("retired_at", "is not", null)
      .orderBy("id", "desc")
      .execute();
    return rows.map(({ role, address, retired_at }) => ({
      role: role as RotatingRole,
      address: address as Hex,
      retiredAt: retired_at ?? 0,
    }));
  }

  /** The key that the role acts by now: the next one while the L1 accepts it. @throws RaasError `NOT_FOUND`, `SECRET_UNREADABLE` */
  async account(rollupId: string, role: Role): Promise<PrivateKeyAccount> {
    return localAccount(await this.privateKey(rollupId, role));
  }

  /** Of `account`, for exports. @throws RaasError `NOT_FOUND`, `SECRET_UNREADABLE` */
  async privateKey(rollupId: string, role: Role): Promise<Hex> {
    const row = await this.#pending(rollupId, role).where("in_use_since", "is not", null).executeTakeFirst();
    if (row === undefined) return await this.#keys.privateKey(rollupId, role);
    return this.#vault.open(row.ciphertext, contextOf(rollupId, role)) as Hex;
  }

  /** Of a next key, whether it is used yet or not: to prepare its use, and for exports. */
  async nextPrivateKey({ rollupId, role }: Pick<NextKey, "rollupId" | "role">): Promise<Hex> {
    const { ciphertext } = await this.#pending(rollupId, role).executeTakeFirstOrThrow();
    return this.#vault.open(ciphertext, contextOf(rollupId, role)) as Hex;
  }

  /** The L1 accepts it, or after a reorg does so no more (null). */
  async use(lease: Lease, { id }: Pick<NextKey, "id">, inUseSince: number | null): Promise<void> {
    await fenced(this.#db, lease, (db) =>
      db
        .updateTable("key_rotations")
        .set({ in_use_since: inUseSince })
        .where("id", "=", id)
        .where("pending", "is not", null)
        .execute(),
    );
  }

  /** The next key takes the old one's place, which is kept as retired. */
  async complete(lease: Lease, { id, rollupId, role }: Pick<NextKey, "id" | "rollupId" | "role">): Promise<void> {
    const retired_at = this.#now();
    await fenced(this.#db, lease, async (db) => {
      const next = await db
        .selectFrom("key_rotations")
        .selectAll()
        .where("id", "=", id)
        .where("pending", "is not", null)
        .executeTakeFirst();
      if (next === undefined) return;
      const old = await db
        .selectFrom("keys")
        .selectAll()
        .where("rollup_id", "=", rollupId)
        .where("role", "=", role)
        .executeTakeFirstOrThrow();
      const { address, ciphertext, created_at } = next;
      await db
        .updateTable("keys")
        .set({ address, ciphertext, created_at })
        .where("rollup_id", "=", rollupId)
        .where("role", "=", role)
        .execute();
      await db
        .updateTable("key_rotations")
        .set({
          address: old.address,
          ciphertext: old.ciphertext,
          created_at: old.created_at,
          retired_at,
          pending: null,
        })
        .where("id", "=", id)
        .execute();
    });
  }

  #pending(rollupId: string, role: Role) {
    return this.#db.selectFrom("key_rotations").selectAll().where("pending", "=", `${rollupId}/${role}`);
  }
}

function nextOf(row: Selectable<Tables["key_rotations"]>): NextKey {
  return {
    id: row.id,
    rollupId: row.rollup_id,
    role: row.role as RotatingRole,
    address: row.address as Hex,
    createdAt: row.created_at,
    inUseSince: row.in_use_since,
  };
}
