import type { Selectable } from "kysely";
import type { Severity } from "../core/alarms.ts";
import { RaasError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Vault } from "../secrets/vault.ts";
import type { AlarmTables } from "./alarm-tables.ts";
import type { Database } from "./database.ts";

export interface Destination {
  readonly id: string;
  readonly teamId: string;
  readonly name: string;
  readonly kind: "webhook" | "email";
  /** URL or address. */
  readonly target: string;
  readonly minSeverity: Severity;
  readonly createdAt: number;
}

const DESTINATIONS_MAX = 20;

/** Where each team's alarms are told. */
export class DestinationStore {
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

  /** @throws RaasError `CONFLICT` when the team has as many as it may */
  async add(
    destination: Omit<Destination, "id" | "createdAt"> & { readonly createdBy: string; readonly secret: string | null },
  ): Promise<Destination> {
    const { teamId, name, kind, target, minSeverity, createdBy, secret } = destination;
    if ((await this.list(teamId)).length >= DESTINATIONS_MAX) {
      throw new RaasError("CONFLICT", `a team has at most ${DESTINATIONS_MAX} alarm destinations: remove one first`);
    }
    const created_at = this.#now();
    const id = newId("dst", created_at);
    await this.#db
      .insertInto("alarm_destinations")
      .values({
        id,
        team_id: teamId,
        name,
        kind,
        target,
        ciphertext: secret === null ? null : this.#vault.seal(secret, id),
        min_severity: minSeverity,
        created_by: createdBy,
        created_at,
      })
      .execute();
    return await this.get(teamId, id);
  }

  async list(teamId: string): Promise<readonly Destination[]> {
    const rows = await this.#db
      .selectFrom("alarm_destinations")
      .selectAll()
      .where("team_id", "=", teamId)
      .orderBy("id")
      .execute();
    return rows.map(destinationOf);
  }

  /** @throws RaasError `NOT_FOUND`, also for another team's */
  async get(teamId: string, id: string): Promise<Destination> {
    const row = await this.#row(id);
    if (row === undefined || row.team_id !== teamId) throw notFound(id);
    return destinationOf(row);
  }

  /** A webhook's secret. @throws RaasError `NOT_FOUND`, `SECRET_UNREADABLE` */
  async secret(id: string): Promise<string> {
    const row = await this.#row(id);
    if (row === undefined || row.ciphertext === null) throw notFound(id);
    return this.#vault.open(row.ciphertext, id);
  }

  /** What waits for it is not sent any more. @throws RaasError `NOT_FOUND` */
  async remove(teamId: string, id: string): Promise<void> {
    await this.get(teamId, id);
    await this.#db.transaction().execute(async (db) => {
      await db.deleteFrom("alarm_destinations").where("id", "=", id).execute();
      await db.deleteFrom("deliveries").where("destination_id", "=", id).execute();
    });
  }

  async #row(id: string): Promise<Selectable<AlarmTables["alarm_destinations"]> | undefined> {
    return await this.#db.selectFrom("alarm_destinations").selectAll().where("id", "=", id).executeTakeFirst();
  }
}

const notFound = (id: string) => new RaasError("NOT_FOUND", `there is no alarm destination ${id}`);

function destinationOf(row: Selectable<AlarmTables["alarm_destinations"]>): Destination {
  return {
    id: row.id,
    teamId: row.team_id,
    name: row.name,
    kind: row.kind === "email" ? "email" : "webhook",
    target: row.target,
    minSeverity: row.min_severity === "critical" ? "critical" : "warning",
    createdAt: row.created_at,
  };
}
