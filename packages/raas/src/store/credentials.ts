import { randomBytes } from "node:crypto";
import type { TeamRole } from "../auth/roles.ts";
import { RaasError } from "../errors.ts";
import { hashOf, newId, newSecret } from "../ids.ts";
import type { Database } from "./database.ts";

export interface Session {
  readonly userId: string;
  readonly csrf: string;
  readonly expiresAt: number;
}

export interface ApiToken {
  readonly id: string;
  readonly teamId: string;
  readonly name: string;
  readonly role: TeamRole;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly expiresAt: number | null;
}

const SESSION_MS = 12 * 3_600_000;
const NONCE_MS = 10 * 60_000;
const TOKEN_PREFIX = "alt_";
/** The time of last use is written at most so often. */
const USED_EVERY_MS = 60_000;

/** Sessions, API tokens and sign-in nonces. Only hashes of what the holder carries are kept. */
export class CredentialStore {
  readonly #db: Database;
  readonly #now: () => number;

  constructor(options: { readonly nowMs: () => number }, dependencies: { readonly db: Database }) {
    this.#now = options.nowMs;
    this.#db = dependencies.db;
  }

  async createSession(userId: string): Promise<Session & { readonly secret: string }> {
    const secret = newSecret();
    const now = this.#now();
    const session = { userId, csrf: newSecret(), expiresAt: now + SESSION_MS };
    await this.#db.deleteFrom("sessions").where("expires_at", "<=", now).execute();
    await this.#db
      .insertInto("sessions")
      .values({
        hash: hashOf(secret),
        user_id: userId,
        csrf: session.csrf,
        created_at: now,
        expires_at: session.expiresAt,
      })
      .execute();
    return { ...session, secret };
  }

  async session(secret: string): Promise<Session | null> {
    const row = await this.#db
      .selectFrom("sessions")
      .select(["user_id", "csrf", "expires_at"])
      .where("hash", "=", hashOf(secret))
      .where("expires_at", ">", this.#now())
      .executeTakeFirst();
    return row === undefined ? null : { userId: row.user_id, csrf: row.csrf, expiresAt: row.expires_at };
  }

  async endSession(secret: string): Promise<void> {
    await this.#db.deleteFrom("sessions").where("hash", "=", hashOf(secret)).execute();
  }

  async createNonce(): Promise<{ readonly nonce: string; readonly expiresAt: number }> {
    const now = this.#now();
    // EIP-4361 wants letters and digits only.
    const nonce = randomBytes(16).toString("hex");
    await this.#db.deleteFrom("nonces").where("expires_at", "<=", now).execute();
    await this.#db
      .insertInto("nonces")
      .values({ nonce, expires_at: now + NONCE_MS })
      .execute();
    return { nonce, expiresAt: now + NONCE_MS };
  }

  /** True once for each nonce, within its time. */
  async useNonce(nonce: string): Promise<boolean> {
    const row = await this.#db
      .deleteFrom("nonces")
      .where("nonce", "=", nonce)
      .returning("expires_at")
      .executeTakeFirst();
    return row !== undefined && row.expires_at > this.#now();
  }

  /** The token's text is answered once, and never again. */
  async createToken(options: {
    readonly teamId: string;
    readonly name: string;
    readonly role: TeamRole;
    readonly createdBy: string;
    readonly ttlMs: number | null;
  }): Promise<ApiToken & { readonly token: string }> {
    const token = `${TOKEN_PREFIX}${newSecret()}`;
    const now = this.#now();
    const { teamId, name, role, createdBy, ttlMs } = options;
    const id = newId("tok", now);
    const expiresAt = ttlMs === null ? null : now + ttlMs;
    await this.#db
      .insertInto("tokens")
      .values({
        id,
        hash: hashOf(token),
        team_id: teamId,
        name,
        role,
        created_by: createdBy,
        created_at: now,
        last_used_at: null,
        expires_at: expiresAt,
      })
      .execute();
    return { id, teamId, name, role, createdBy, createdAt: now, lastUsedAt: null, expiresAt, token };
  }

  async token(token: string): Promise<ApiToken | null> {
    const now = this.#now();
    const row = await this.#db.selectFrom("tokens").selectAll().where("hash", "=", hashOf(token)).executeTakeFirst();
    if (row === undefined || (row.expires_at !== null && row.expires_at <= now)) return null;
    if (row.last_used_at === null || now - row.last_used_at > USED_EVERY_MS) {
      await this.#db.updateTable("tokens").set({ last_used_at: now }).where("id", "=", row.id).execute();
    }
    return {
      id: row.id,
      teamId: row.team_id,
      name: row.name,
      role: row.role as TeamRole,
      createdBy: row.created_by,
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at,
      expiresAt: row.expires_at,
    };
  }

  async tokens(teamId: string): Promise<readonly ApiToken[]> {
    const rows = await this.#db
      .selectFrom("tokens")
      .selectAll()
      .where("team_id", "=", teamId)
      .orderBy("id", "desc")
      .execute();
    return rows.map((row) => ({
      id: row.id,
      teamId,
      name: row.name,
      role: row.role as TeamRole,
      createdBy: row.created_by,
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at,
      expiresAt: row.expires_at,
    }));
  }

  /** @throws RaasError `NOT_FOUND` */
  async revokeToken(teamId: string, id: string): Promise<void> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("tokens")
      .where("id", "=", id)
      .where("team_id", "=", teamId)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw new RaasError("NOT_FOUND", `there is no token ${id}`);
  }
}
