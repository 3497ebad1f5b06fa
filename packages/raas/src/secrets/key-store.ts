import { localAccount } from "@altlayer/rollup";
import type { PrivateKeyAccount } from "viem/accounts";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { RaasError } from "../errors.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Database } from "../store/database.ts";
import type { Lease } from "../store/lease.ts";
import { fenced } from "../store/lease.ts";
import type { Vault } from "./vault.ts";

/** Accounts that the platform acts with for a rollup. None of them can upgrade its contracts. */
export const ROLES = ["deployer", "batcher", "proposer", "challenger", "sequencer", "faucet", "restaking"] as const;
export type Role = (typeof ROLES)[number];

export interface RoleAccount {
  readonly role: Role;
  readonly address: Hex;
}

/** The rollups' keys: made here, encrypted in the store, opened only to sign. */
export class KeyStore {
  readonly #db: Database;
  readonly #vault: Vault;
  readonly #now: () => number;

  constructor(
    options: { readonly nowMs: () => number },
    dependencies: { readonly db: Database; readonly vault: Vault },
  ) {
    this.#now = options.nowMs;
    this.#db = dependencies.db;
    this.#vault = dependencies.vault;
  }

  /** Makes the keys that are missing. Those that are there stay: asked again, it answers the same. */
  async ensure(lease: Lease, rollupId: string, roles: readonly Role[]): Promise<readonly RoleAccount[]> {
    const created_at = this.#now();
    const rows = roles.map((role) => {
      const key = generatePrivateKey();
      const address = privateKeyToAccount(key).address.toLowerCase();
      return {
        rollup_id: rollupId,
        role,
        address,
        ciphertext: this.#vault.seal(key, contextOf(rollupId, role)),
        created_at,
      };
    });
    await fenced(this.#db, lease, (db) =>
      db
        .insertInto("keys")
        .values(rows)
        .onConflict((conflict) => conflict.columns(["rollup_id", "role"]).doNothing())
        .execute(),
    );
    return await this.accounts(rollupId);
  }

  async accounts(rollupId: string): Promise<readonly RoleAccount[]> {
    const rows = await this.#db
      .selectFrom("keys")
      .select(["role", "address"])
      .where("rollup_id", "=", rollupId)
      .execute();
    return rows
      .map(({ role, address }) => ({ role: role as Role, address: address as Hex }))
      .sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));
  }

  /** As `accounts`, with the time at which each key was made. */
  async ages(rollupId: string): Promise<readonly (RoleAccount & { readonly createdAt: number })[]> {
    const rows = await this.#db
      .selectFrom("keys")
      .select(["role", "created_at"])
      .where("rollup_id", "=", rollupId)
      .execute();
    const made = new Map(rows.map(({ role, created_at }) => [role, created_at]));
    return (await this.accounts(rollupId)).map((account) => ({ ...account, createdAt: made.get(account.role) ?? 0 }));
  }

  /** @throws RaasError `NOT_FOUND`, `SECRET_UNREADABLE` */
  async account(rollupId: string, role: Role): Promise<PrivateKeyAccount> {
    return localAccount(await this.privateKey(rollupId, role));
  }

  /** For exports, encrypted again under the customer's password. @throws RaasError `NOT_FOUND`, `SECRET_UNREADABLE` */
  async privateKey(rollupId: string, role: Role): Promise<Hex> {
    const row = await this.#db
      .selectFrom("keys")
      .select("ciphertext")
      .where("rollup_id", "=", rollupId)
      .where("role", "=", role)
      .executeTakeFirst();
    if (row === undefined) throw new RaasError("NOT_FOUND", `${rollupId} has no ${role} key`);
    return this.#vault.open(row.ciphertext, contextOf(rollupId, role)) as Hex;
  }
}

/** Binds a secret to its place: one that was moved does not open. */
export const contextOf = (rollupId: string, role: Role) => `${rollupId}/${role}`;
