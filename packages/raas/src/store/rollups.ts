import type { Desired, LaunchStep, Phase } from "../core/decide.ts";
import { RaasError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import type { Database } from "./database.ts";
import { isUniqueViolation } from "./database.ts";
import type { Lease } from "./lease.ts";
import { fenced } from "./lease.ts";
import type {
  Page,
  Ports,
  Problem,
  RestoreOrder,
  Revision,
  RollupOutline,
  RollupRecord,
  StepRecord,
} from "./rollup-records.ts";
import { recordOf, revisionOf, stepOf } from "./rollup-records.ts";

/** One with large genesis contracts is parsed each time. */
const SPEC_KEPT_CHARACTERS = 16_384;
const SPECS_MAX = 2_000;

/** Rollups, their revisions and their steps. Writes of the reconciler carry its lease; those of people do not. */
export class RollupStore {
  readonly #db: Database;
  readonly #now: () => number;
  /** As parsed last, by rollup: what a revision says never changes, and checking it takes longer than reading it. */
  readonly #specs = new Map<string, { readonly revision: number; readonly spec: RollupSpec }>();

  constructor(options: { readonly nowMs: () => number }, dependencies: { readonly db: Database }) {
    this.#db = dependencies.db;
    this.#now = options.nowMs;
  }

  /** @throws RaasError `CONFLICT` when the team's name or the network's chain id is taken. */
  async create(options: {
    readonly teamId: string;
    readonly spec: RollupSpec;
    readonly authorId: string;
    /** Wished for its node; taken ones are replaced. */
    readonly ports?: Ports;
    /** Of a chain that others run: results of the steps that others did, and what is written in the same transaction. */
    readonly attached?: {
      readonly done: Readonly<Record<LaunchStep, unknown>>;
      readonly also: (db: Database, id: string) => Promise<void>;
    };
  }): Promise<RollupRecord> {
    const { teamId, spec, authorId, ports, attached } = options;
    const now = this.#now();
    const id = newId("rol", now);
    // Many teams may watch one chain that others run, each once.
    const liveChain = attached === undefined ? liveChainOf(spec) : `${liveChainOf(spec)}/${teamId}`;
    try {
      await this.#db.transaction().execute(async (db) => {
        await db
          .insertInto("rollups")
          .values({
            id,
            team_id: teamId,
            name: spec.name,
            network_id: spec.settlement.network,
            chain_id: spec.chain.chainId,
            revision: 1,
            desired: "running",
            phase: "launching",
            problem: null,
            ports: ports === undefined ? null : JSON.stringify(ports),
            created_at: now,
            updated_at: now,
            ready_at: null,
            live_name: spec.name,
            live_chain: liveChain,
            restore: null,
            kind: attached === undefined ? "managed" : "attached",
          })
          .execute();
        await db
          .insertInto("revisions")
          .values({
            rollup_id: id,
            revision: 1,
            spec: JSON.stringify(spec),
            author_id: authorId,
            note: attached === undefined ? "created" : "attached",
            created_at: now,
          })
          .execute();
        if (attached === undefined) return;
        await db
          .insertInto("steps")
          .values(
            Object.entries(attached.done).map(([step, result]) => ({
              rollup_id: id,
              name: step,
              status: "done",
              attempt: 0,
              started_at: now,
              ended_at: now,
              detail: "by others; read from the settlement network",
              problem: null,
              result: JSON.stringify(result),
            })),
          )
          .execute();
        await attached.also(db, id);
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      await this.requireFree(teamId, spec, liveChain);
      // Whoever had it has just given it back.
      throw new RaasError("CONFLICT", "the name or the chain id was taken just now: try again", { cause: error });
    }
    return await this.get(id);
  }

  /** @throws RaasError `CONFLICT` when the team's name or the network's chain id is taken, with the field in `details.problems` */
  async requireFree(teamId: string, spec: RollupSpec, liveChain = liveChainOf(spec)): Promise<void> {
    const live = this.#db.selectFrom("rollups").select("id");
    const { name } = spec;
    const { chainId } = spec.chain;
    const named = await live.where("team_id", "=", teamId).where("live_name", "=", name).executeTakeFirst();
    const taken = (path: string, what: string) =>
      new RaasError("CONFLICT", `${what} is taken: choose another`, {
        details: { problems: [{ path, message: "is taken: choose another" }] },
      });
    if (named !== undefined) throw taken("name", `the name ${name}`);
    const numbered = await live.where("live_chain", "=", liveChain).executeTakeFirst();
    if (numbered !== undefined) throw taken("chain.chainId", `the chain id ${chainId} on ${spec.settlement.network}`);
  }

  /** @throws RaasError `NOT_FOUND` */
  async get(id: string): Promise<RollupRecord> {
    const row = await this.#db.selectFrom("rollups").selectAll().where("id", "=", id).executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return recordOf(row);
  }

  /** @throws RaasError `NOT_FOUND`, for another team's too */
  async getOfTeam(teamId: string, id: string): Promise<RollupRecord> {
    const record = await this.get(id);
    if (record.teamId !== teamId) throw notFound(id);
    return record;
  }

  async list(teamId: string, { limit, before }: Page, phase?: Phase): Promise<readonly RollupRecord[]> {
    const rows = await this.#db
      .selectFrom("rollups")
      .selectAll()
      .where("team_id", "=", teamId)
      .$if(before !== undefined, (query) => query.where("id", "<", before!))
      .$if(phase !== undefined, (query) => query.where("phase", "=", phase!))
      .orderBy("id", "desc")
      .limit(limit)
      .execute();
    return rows.map(recordOf);
  }

  /** Rollups that have run and should. */
  async watched(): Promise<readonly RollupRecord[]> {
    const rows = await this.#db
      .selectFrom("rollups")
      .selectAll()
      .where("desired", "=", "running")
      .where("ready_at", "is not", null)
      .orderBy("id")
      .execute();
    return rows.map(recordOf);
  }

  /** What may change of rollups that are not at their end, and of those that came to it within the last hour. */
  async outline(): Promise<readonly RollupOutline[]> {
    const rows = await this.#db
      .selectFrom("rollups")
      .select(["id", "team_id", "revision", "desired", "phase", "updated_at"])
      .where((row) =>
        row.or([row("phase", "not in", ["destroyed", "exported"]), row("updated_at", ">", this.#now() - 3_600_000)]),
      )
      .execute();
    return rows.map(({ id, team_id, revision, desired, phase, updated_at }) => ({
      id,
      teamId: team_id,
      revision,
      desired: desired as Desired,
      phase: phase as Phase,
      updatedAt: updated_at,
    }));
  }

  /** Of all teams, by phase. */
  async countByPhase(): Promise<Readonly<Partial<Record<Phase, number>>>> {
    const rows = await this.#db
      .selectFrom("rollups")
      .select((row) => ["phase", row.fn.countAll().as("count")])
      .groupBy("phase")
      .execute();
    return Object.fromEntries(rows.map(({ phase, count }) => [phase, Number(count)]));
  }

  /** Rollups that may need work: they should run, or are not what is wanted of them. */
  async unfinished(): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom("rollups")
      .select("id")
      .where((row) =>
        row.or([
          row("desired", "=", "running"),
          row("phase", "!=", row.ref("desired")),
          row("problem", "is not", null),
        ]),
      )
      .orderBy("id")
      .execute();
    return rows.map(({ id }) => id);
  }

  async spec({ id, revision }: Pick<RollupRecord, "id" | "revision">): Promise<RollupSpec> {
    const known = this.#specs.get(id);
    if (known?.revision === revision) return known.spec;
    const row = await this.#revisionRow(id, revision);
    const { spec } = revisionOf(row);
    if (this.#specs.size >= SPECS_MAX) this.#specs.clear();
    if (row.spec.length <= SPEC_KEPT_CHARACTERS) this.#specs.set(id, { revision, spec });
    return spec;
  }

  /** @throws RaasError `NOT_FOUND` */
  async revision(id: string, revision: number): Promise<Revision> {
    return revisionOf(await this.#revisionRow(id, revision));
  }

  async #revisionRow(id: string, revision: number) {
    const row = await this.#db
      .selectFrom("revisions")
      .selectAll()
      .where("rollup_id", "=", id)
      .where("revision", "=", revision)
      .executeTakeFirst();
    if (row === undefined) throw new RaasError("NOT_FOUND", `there is no revision ${revision} of ${id}`);
    return row;
  }

  async revisions(
    id: string,
    { limit, before }: { readonly limit: number; readonly before?: number },
  ): Promise<readonly Revision[]> {
    const rows = await this.#db
      .selectFrom("revisions")
      .selectAll()
      .where("rollup_id", "=", id)
      .$if(before !== undefined, (query) => query.where("revision", "<", before!))
      .orderBy("revision", "desc")
      .limit(limit)
      .execute();
    return rows.map(revisionOf);
  }

  /** Adds a revision on top of `base`. @throws RaasError `CONFLICT` when `base` is no longer the newest */
  async revise(options: {
    readonly id: string;
    readonly base: number;
    readonly spec: RollupSpec;
    readonly authorId: string;
    readonly note: string | null;
    /** What is written in the same transaction. */
    readonly also?: (db: Database) => Promise<void>;
  }): Promise<RollupRecord> {
    const { id, base, spec, authorId, note, also } = options;
    const now = this.#now();
    const conflict = new RaasError("CONFLICT", `revision ${base} is no longer the newest: make a new plan`);
    try {
      await this.#db.transaction().execute(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable("rollups")
          .set({ revision: base + 1, name: spec.name, live_name: spec.name, updated_at: now })
          .where("id", "=", id)
          .where("revision", "=", base)
          .where("live_name", "is not", null)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) throw conflict;
        await db
          .insertInto("revisions")
          .values({
            rollup_id: id,
            revision: base + 1,
            spec: JSON.stringify(spec),
            author_id: authorId,
            note,
            created_at: now,
          })
          .execute();
        await also?.(db);
      });
    } catch (error) {
      if (error === conflict || !isUniqueViolation(error)) throw error;
      throw new RaasError("CONFLICT", `the name ${spec.name} is taken: choose another`);
    }
    return await this.get(id);
  }

  /** @throws RaasError `CONFLICT` once it is exported or destroyed, from which there is no way back. */
  async setDesired(id: string, desired: Desired): Promise<RollupRecord> {
    const { numUpdatedRows } = await this.#db
      .updateTable("rollups")
      .set({ desired, updated_at: this.#now() })
      .where("id", "=", id)
      .$if(desired !== "destroyed", (query) => query.where("desired", "not in", ["destroyed", "exported"]))
      .executeTakeFirst();
    const record = await this.get(id);
    if (numUpdatedRows === 0n && record.desired !== desired) {
      throw new RaasError("CONFLICT", `${record.name} is ${record.desired}: it cannot become ${desired}`);
    }
    return record;
  }

  /**
   * Asks for a restore; the reconciler does it, and starts the rollup afterwards.
   * @throws RaasError `CONFLICT` while one is asked for, or once the rollup is exported or destroyed
   */
  async orderRestore(id: string, actorId: string): Promise<RollupRecord> {
    const now = this.#now();
    const order: RestoreOrder = { id: newId("rst", now), actorId };
    const { numUpdatedRows } = await this.#db
      .updateTable("rollups")
      .set({ restore: JSON.stringify(order), desired: "running", updated_at: now })
      .where("id", "=", id)
      .where("desired", "in", ["running", "stopped"])
      .where("restore", "is", null)
      .executeTakeFirst();
    const record = await this.get(id);
    if (numUpdatedRows === 1n) return record;
    const why = record.restore === null ? `is ${record.desired}` : "is being restored already";
    throw new RaasError("CONFLICT", `${record.name} ${why}`);
  }

  /** That order is carried out. */
  async endRestore(lease: Lease, { id, restore }: Pick<RollupRecord, "id" | "restore">): Promise<void> {
    const text = JSON.stringify(restore);
    await fenced(this.#db, lease, (db) =>
      db.updateTable("rollups").set({ restore: null }).where("id", "=", id).where("restore", "=", text).execute(),
    );
  }

  async steps(id: string): Promise<readonly StepRecord[]> {
    const rows = await this.#db.selectFrom("steps").selectAll().where("rollup_id", "=", id).execute();
    return rows.map(stepOf);
  }

  async saveStep(lease: Lease, id: string, step: StepRecord): Promise<void> {
    const { name, status, attempt, detail } = step;
    const values = {
      status,
      attempt,
      started_at: step.startedAt,
      ended_at: step.endedAt,
      detail,
      problem: step.problem === null ? null : JSON.stringify(step.problem),
      result: step.result === null ? null : JSON.stringify(step.result),
    };
    await fenced(this.#db, lease, (db) =>
      db
        .insertInto("steps")
        .values({ rollup_id: id, name, ...values })
        .onConflict((conflict) => conflict.columns(["rollup_id", "name"]).doUpdateSet(values))
        .execute(),
    );
  }

  /** A destroyed rollup gives its name and chain id back. */
  async setPhase(
    lease: Lease,
    id: string,
    change: { readonly phase: Phase; readonly problem: Problem | null },
  ): Promise<void> {
    const now = this.#now();
    await fenced(this.#db, lease, async (db) => {
      await db
        .updateTable("rollups")
        .set({
          phase: change.phase,
          problem: change.problem === null ? null : JSON.stringify(change.problem),
          updated_at: now,
          ...(change.phase === "destroyed" ? { live_name: null, live_chain: null } : {}),
        })
        .where("id", "=", id)
        .execute();
      if (change.phase !== "running") return;
      const unready = db.updateTable("rollups").where("id", "=", id).where("ready_at", "is", null);
      await unready.set({ ready_at: now }).execute();
    });
  }

  async setPorts(lease: Lease, id: string, ports: Ports): Promise<void> {
    const change = { ports: JSON.stringify(ports) };
    await fenced(this.#db, lease, (db) => db.updateTable("rollups").set(change).where("id", "=", id).execute());
  }
}

const liveChainOf = ({ settlement, chain }: RollupSpec): string => `${settlement.network}/${chain.chainId}`;

/** The same for what does not exist and for what the asker may not know of. */
export const notFound = (id: string): RaasError =>
  new RaasError("NOT_FOUND", `there is no rollup ${id}`, { details: { rollup: id } });
