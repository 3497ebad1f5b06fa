import type { TeamRole } from "../auth/roles.ts";
import { RaasError } from "../errors.ts";
import { hashOf, newId, newSecret } from "../ids.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Database } from "./database.ts";

export interface User {
  readonly id: string;
  readonly name: string;
  readonly address: Hex | null;
}

export interface Membership {
  readonly id: string;
  readonly name: string;
  readonly role: TeamRole;
  readonly createdAt: number;
}

export interface Member {
  readonly userId: string;
  readonly name: string;
  readonly address: Hex | null;
  readonly role: TeamRole;
  readonly joinedAt: number;
}

const LOCAL_USER_KEY = "local-user";

/** People, teams and who belongs to which. */
export class PeopleStore {
  readonly #db: Database;
  readonly #now: () => number;

  constructor(options: { readonly nowMs: () => number }, dependencies: { readonly db: Database }) {
    this.#now = options.nowMs;
    this.#db = dependencies.db;
  }

  /** The person at this machine, with a team of their own: made at the first start. */
  async localUser(): Promise<User> {
    const known = await this.#db
      .selectFrom("meta")
      .select("value")
      .where("key", "=", LOCAL_USER_KEY)
      .executeTakeFirst();
    if (known !== undefined) return await this.user(known.value);
    const now = this.#now();
    const user = { id: newId("usr", now), name: "local", address: null, created_at: now };
    await this.#db.transaction().execute(async (db) => {
      await db.insertInto("users").values(user).execute();
      await insertTeam(db, { name: "My team", userId: user.id, now });
      await db.insertInto("meta").values({ key: LOCAL_USER_KEY, value: user.id }).execute();
    });
    return { id: user.id, name: user.name, address: null };
  }

  /** @throws RaasError `NOT_FOUND` */
  async user(id: string): Promise<User> {
    const row = await this.#db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
    if (row === undefined) throw new RaasError("NOT_FOUND", `there is no user ${id}`);
    return { id: row.id, name: row.name, address: row.address as Hex | null };
  }

  /** Finds or makes the user of an address; a new one has a team of their own. */
  async userOfAddress(address: Hex, options: { readonly name?: string; readonly ownTeam: boolean }): Promise<User> {
    const now = this.#now();
    const name = options.name ?? `${address.slice(0, 6)}…${address.slice(-4)}`;
    return await this.#db.transaction().execute(async (db) => {
      const id = newId("usr", now);
      await db
        .insertInto("users")
        .values({ id, name, address, created_at: now })
        .onConflict((conflict) => conflict.column("address").doNothing())
        .execute();
      const row = await db.selectFrom("users").selectAll().where("address", "=", address).executeTakeFirstOrThrow();
      const teams = await db.selectFrom("members").select("team_id").where("user_id", "=", row.id).limit(1).execute();
      if (options.ownTeam && teams.length === 0) await insertTeam(db, { name: `${name}'s team`, userId: row.id, now });
      return { id: row.id, name: row.name, address: row.address as Hex };
    });
  }

  async teamsOf(userId: string): Promise<readonly Membership[]> {
    const rows = await this.#db
      .selectFrom("members")
      .innerJoin("teams", "teams.id", "members.team_id")
      .select(["teams.id", "teams.name", "teams.created_at", "members.role"])
      .where("members.user_id", "=", userId)
      .orderBy("teams.id")
      .execute();
    return rows.map((row) => ({ id: row.id, name: row.name, role: row.role as TeamRole, createdAt: row.created_at }));
  }

  /** Null for who is no member. */
  async roleIn(teamId: string, userId: string): Promise<TeamRole | null> {
    const row = await this.#db
      .selectFrom("members")
      .select("role")
      .where("team_id", "=", teamId)
      .where("user_id", "=", userId)
      .executeTakeFirst();
    return row === undefined ? null : (row.role as TeamRole);
  }

  async createTeam(options: { readonly name: string; readonly userId: string }): Promise<Membership> {
    const now = this.#now();
    const id = await this.#db.transaction().execute((db) => insertTeam(db, { ...options, now }));
    return { id, name: options.name, role: "owner", createdAt: now };
  }

  /** @throws RaasError `NOT_FOUND` */
  async team(id: string): Promise<{ readonly id: string; readonly name: string; readonly createdAt: number }> {
    const row = await this.#db.selectFrom("teams").selectAll().where("id", "=", id).executeTakeFirst();
    if (row === undefined) throw new RaasError("NOT_FOUND", `there is no team ${id}`);
    return { id: row.id, name: row.name, createdAt: row.created_at };
  }

  async members(teamId: string): Promise<readonly Member[]> {
    const rows = await this.#db
      .selectFrom("members")
      .innerJoin("users", "users.id", "members.user_id")
      .select(["users.id", "users.name", "users.address", "members.role", "members.joined_at"])
      .where("members.team_id", "=", teamId)
      .orderBy("members.joined_at")
      .execute();
    return rows.map((row) => ({
      userId: row.id,
      name: row.name,
      address: row.address as Hex | null,
      role: row.role as TeamRole,
      joinedAt: row.joined_at,
    }));
  }

  /**
   * Adds a member, or gives one another role. Who is no owner any more leaves no token behind: only owners make them.
   * @throws RaasError `CONFLICT` when no owner would be left
   */
  async setMember(options: {
    readonly teamId: string;
    readonly userId: string;
    readonly role: TeamRole;
  }): Promise<Member> {
    const { teamId, userId, role } = options;
    const joined_at = this.#now();
    await this.#db.transaction().execute(async (db) => {
      await db
        .insertInto("members")
        .values({ team_id: teamId, user_id: userId, role, joined_at })
        .onConflict((conflict) => conflict.columns(["team_id", "user_id"]).doUpdateSet({ role }))
        .execute();
      if (role !== "owner") await revokeTokensOf(db, { teamId, userId });
      await requireOwner(db, teamId);
    });
    const member = (await this.members(teamId)).find((item) => item.userId === userId);
    if (member === undefined) throw new RaasError("NOT_FOUND", `there is no member ${userId}`);
    return member;
  }

  /** With the tokens that they made. @throws RaasError `NOT_FOUND`, `CONFLICT` when no owner would be left */
  async removeMember(options: { readonly teamId: string; readonly userId: string }): Promise<void> {
    await this.#db.transaction().execute(async (db) => {
      const { numDeletedRows } = await db
        .deleteFrom("members")
        .where("team_id", "=", options.teamId)
        .where("user_id", "=", options.userId)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw new RaasError("NOT_FOUND", `there is no member ${options.userId}`);
      await revokeTokensOf(db, options);
      await requireOwner(db, options.teamId);
    });
  }

  /** A link that signs a user in once, within its time. */
  async createLink(userId: string, ttlMs: number): Promise<string> {
    const secret = newSecret();
    const now = this.#now();
    await this.#db.deleteFrom("sign_in_links").where("expires_at", "<=", now).execute();
    await this.#db
      .insertInto("sign_in_links")
      .values({ hash: hashOf(secret), user_id: userId, expires_at: now + ttlMs })
      .execute();
    return secret;
  }

  /** Null when it was used, is too old, or never was. */
  async useLink(secret: string): Promise<string | null> {
    const row = await this.#db
      .deleteFrom("sign_in_links")
      .where("hash", "=", hashOf(secret))
      .returning(["user_id", "expires_at"])
      .executeTakeFirst();
    return row !== undefined && row.expires_at > this.#now() ? row.user_id : null;
  }
}

async function insertTeam(
  db: Database,
  options: { readonly name: string; readonly userId: string; readonly now: number },
): Promise<string> {
  const id = newId("team", options.now);
  await db.insertInto("teams").values({ id, name: options.name, created_at: options.now }).execute();
  await db
    .insertInto("members")
    .values({ team_id: id, user_id: options.userId, role: "owner", joined_at: options.now })
    .execute();
  return id;
}

/** A token that somebody made for themselves must not let them in again. */
async function revokeTokensOf(
  db: Database,
  { teamId, userId }: { readonly teamId: string; readonly userId: string },
): Promise<void> {
  await db.deleteFrom("tokens").where("team_id", "=", teamId).where("created_by", "=", userId).execute();
}

async function requireOwner(db: Database, teamId: string): Promise<void> {
  const owner = await db
    .selectFrom("members")
    .select("user_id")
    .where("team_id", "=", teamId)
    .where("role", "=", "owner")
    .executeTakeFirst();
  if (owner === undefined) throw new RaasError("CONFLICT", "a team keeps at least one owner: name another one first");
}
