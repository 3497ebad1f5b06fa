import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "@altlayer/rollup";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Desired } from "../src/core/decide.ts";
import { RaasError } from "../src/errors.ts";
import { EventHub } from "../src/events.ts";
import { Reconciler } from "../src/reconciler.ts";
import { KeyStore } from "../src/secrets/key-store.ts";
import { Vault } from "../src/secrets/vault.ts";
import { parseSpec } from "../src/spec/parse.ts";
import type { RollupSpec } from "../src/spec/rollup-spec.ts";
import type { Database, StoreOptions } from "../src/store/database.ts";
import { openDatabase } from "../src/store/database.ts";
import type { Lease } from "../src/store/lease.ts";
import { takeLease } from "../src/store/lease.ts";
import { Outbox } from "../src/store/outbox.ts";
import { PeopleStore } from "../src/store/people.ts";
import { type RollupRecord, RollupStore } from "../src/store/rollups.ts";
import { newSpec } from "./harness.ts";
import type { Postgres } from "./postgres.ts";
import { startPostgres } from "./postgres.ts";
import { Incarnation, SimulatedWorld } from "./simulated-world.ts";

const nowMs = () => Date.now();
const SETTLE_MS = 20_000;
const vault = new Vault(randomBytes(32));

type Order =
  | { readonly kind: "create" }
  | { readonly kind: "change"; readonly which: number; readonly sliceMs: number }
  /** A fork is scheduled, so many minutes ahead. */
  | { readonly kind: "upgrade"; readonly which: number; readonly minutes: number }
  /** Back to the revision before. */
  | { readonly kind: "rollback"; readonly which: number }
  | { readonly kind: "want"; readonly which: number; readonly desired: Desired }
  | { readonly kind: "restore"; readonly which: number }
  /** The rollup's files are gone. */
  | { readonly kind: "lose"; readonly which: number }
  /** The process dies before its so-manieth deed from now. */
  | { readonly kind: "crash"; readonly deeds: number }
  | { readonly kind: "settle" };

const which = fc.nat({ max: 2 });
const order: fc.Arbitrary<Order> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: "create" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("change" as const), which, sliceMs: fc.integer({ min: 5, max: 9 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("upgrade" as const), which, minutes: fc.integer({ min: 10, max: 12 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rollback" as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("want" as const),
      which,
      desired: fc.constantFrom<Desired>("running", "stopped", "destroyed"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restore" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), which }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("crash" as const), deeds: fc.integer({ min: 1, max: 14 }) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "settle" as const }) },
);

const STORY: Order[] = [
  { kind: "create" },
  { kind: "crash", deeds: 4 },
  { kind: "settle" },
  { kind: "want", which: 0, desired: "stopped" },
  { kind: "crash", deeds: 1 },
  { kind: "settle" },
  { kind: "want", which: 0, desired: "running" },
  { kind: "create" },
  { kind: "crash", deeds: 9 },
  { kind: "settle" },
  { kind: "lose", which: 0 },
  { kind: "crash", deeds: 2 },
  { kind: "settle" },
  { kind: "upgrade", which: 0, minutes: 10 },
  { kind: "crash", deeds: 2 },
  { kind: "settle" },
  { kind: "rollback", which: 0 },
  { kind: "crash", deeds: 3 },
  { kind: "settle" },
];

/** A control plane whose process is replaced whenever it dies. */
class ControlPlane {
  readonly world = new SimulatedWorld();
  readonly rollups: RollupStore;
  readonly #db: Database;
  readonly #keys: KeyStore;
  readonly #failSteps: ReadonlySet<number>;
  incarnation!: Incarnation;
  reconciler!: Reconciler;

  constructor(db: Database, failSteps: ReadonlySet<number>) {
    this.#db = db;
    this.#failSteps = failSteps;
    this.rollups = new RollupStore({ nowMs }, { db });
    this.#keys = new KeyStore({ nowMs }, { db, vault });
  }

  async boot(): Promise<void> {
    const lease = (await takeLease(this.#db, {
      name: "reconciler",
      holder: randomBytes(8).toString("hex"),
      ttlMs: 60_000,
      nowMs: nowMs(),
      steal: true,
    })) as Lease;
    const incarnation = new Incarnation(
      { failSteps: this.#failSteps },
      { world: this.world, keys: this.#keys, outbox: () => outbox },
    );
    const held = () => incarnation.leaseOf(lease);
    const outbox = new Outbox({ nowMs }, { db: this.#db, lease: held });
    this.incarnation = incarnation;
    this.reconciler = new Reconciler(
      { concurrency: 2, nowMs, retryMs: () => 5 },
      { rollups: this.rollups, actions: incarnation, events: new EventHub(), lease: held, log: silentLogger },
    );
    await this.reconciler.start();
  }

  /** The node dies with its disk. */
  async lose(id: string): Promise<void> {
    this.world.files.set(id, new Set());
    this.incarnation.lose(id);
  }

  /** What a supervisor does: a dead process is replaced by a new one. */
  async revive(): Promise<void> {
    if (!this.incarnation.dead) return;
    const dead = this.reconciler;
    await this.boot();
    await dead.close();
  }

  /** Lets it work until all is as wanted, through every crash that is still to come. */
  async settle(ids: readonly string[]): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    for (;;) {
      await this.revive();
      const records = await Promise.all(ids.map((id) => this.rollups.get(id)));
      const resting = records.every(({ phase, desired }) => phase === desired);
      if (resting && !this.incarnation.dead) {
        const specs = await Promise.all(records.map((record) => this.rollups.spec(record)));
        const current = records.every(
          ({ id, desired }, index) =>
            desired !== "running" || this.incarnation.running(id) === this.incarnation.settingsOf(specs[index]!),
        );
        if (current) return;
      }
      if (performance.now() > deadline) {
        throw new TypeError(
          `not settled: ${JSON.stringify(records.map(({ phase, desired, problem }) => ({ phase, desired, problem })))}`,
        );
      }
      await sleep(2);
    }
  }
}

const launched = async ({ rollups }: ControlPlane, id: string): Promise<boolean> =>
  (await rollups.steps(id)).some(({ name, status }) => name === "restake" && status === "done");

/** The spec that an order makes of the one there is. */
async function changedBy(
  item: Extract<Order, { readonly kind: "change" | "upgrade" | "rollback" }>,
  { spec, record }: { readonly spec: RollupSpec; readonly record: RollupRecord },
  rollups: RollupStore,
): Promise<RollupSpec> {
  switch (item.kind) {
    case "change":
      return { ...spec, execution: { ...spec.execution, sliceMs: item.sliceMs } };
    case "upgrade":
      return { ...spec, forks: { ...spec.forks, holocene: `2100-01-01T00:${item.minutes}:00Z` } };
    case "rollback":
      return record.revision === 1 ? spec : (await rollups.revision(record.id, record.revision - 1)).spec;
  }
}

async function play(
  db: Database,
  orders: readonly Order[],
  failSteps: ReadonlySet<number>,
): Promise<{ readonly crashes: number; readonly failures: number }> {
  const people = new PeopleStore({ nowMs }, { db });
  const user = await people.localUser();
  const [team] = await people.teamsOf(user.id);
  const plane = new ControlPlane(db, failSteps);
  await plane.boot();
  const ids: string[] = [];
  const wanted: Desired[] = [];
  for (const [index, item] of orders.entries()) {
    await plane.revive();
    const at = "which" in item ? item.which % Math.max(1, ids.length) : 0;
    const id = ids[at];
    switch (item.kind) {
      case "create": {
        if (ids.length >= 3) break;
        const spec = parseSpec(newSpec(`model-${index}`, { forks: { genesis: "granite" } }));
        const rollup = await plane.rollups.create({ teamId: team!.id, spec, authorId: user.id });
        ids.push(rollup.id);
        wanted.push("running");
        plane.reconciler.interrupt(rollup.id);
        break;
      }
      case "change":
      case "upgrade":
      case "rollback": {
        if (id === undefined || wanted[at] === "destroyed") break;
        const record = await plane.rollups.get(id);
        const spec = await plane.rollups.spec(record);
        const changed = await changedBy(item, { spec, record }, plane.rollups);
        const conflict = await plane.rollups
          .revise({ id, base: record.revision, spec: changed, authorId: user.id, note: null })
          .then(
            () => null,
            (error: unknown) => error,
          );
        if (conflict !== null) expect(conflict).toBeInstanceOf(RaasError);
        plane.reconciler.interrupt(id);
        break;
      }
      case "want": {
        if (id === undefined) break;
        const refused = await plane.rollups.setDesired(id, item.desired).then(
          () => false,
          () => true,
        );
        // There is no way back from destruction, and every other wish is granted.
        expect(refused).toBe(wanted[at] === "destroyed" && item.desired !== "destroyed");
        if (!refused) wanted[at] = item.desired;
        plane.reconciler.interrupt(id);
        break;
      }
      case "restore":
      case "lose": {
        if (id === undefined || !(await launched(plane, id))) break;
        // Whoever loses the data asks for a restore; who has them may ask for one all the same.
        if (item.kind === "lose" && wanted[at] !== "destroyed") await plane.lose(id);
        const refused = await plane.rollups.orderRestore(id, user.id).then(
          () => null,
          (error: unknown) => error,
        );
        if (refused !== null) expect(refused).toMatchObject({ code: "CONFLICT" });
        else wanted[at] = "running";
        if (wanted[at] === "destroyed") expect(refused).not.toBeNull();
        plane.reconciler.interrupt(id);
        break;
      }
      case "crash":
        plane.incarnation.crashAfter(item.deeds);
        break;
      case "settle":
        await plane.settle(ids);
    }
    await sleep(0);
  }
  await plane.settle(ids);
  const { world } = plane;
  expect(world.violations).toEqual([]);
  for (const [at, id] of ids.entries()) {
    const record = await plane.rollups.get(id);
    expect(record.phase).toBe(wanted[at]);
    expect(world.nodes.has(id)).toBe(wanted[at] === "running");
    expect(record.problem).toBeNull();
    expect(wanted[at] === "running" ? record.restore : null).toBeNull();
    if (wanted[at] === "destroyed") expect(world.files.has(id)).toBe(false);
    // The last start was with the schedule that is wanted now: none that was taken back activates.
    if (wanted[at] === "running") expect(world.schedules.get(id)).toEqual((await plane.rollups.spec(record)).forks);
  }
  await plane.reconciler.close();
  return { crashes: world.crashes, failures: world.failures };
}

describe.each(["sqlite", "postgres"] as const)("the control plane on %s", (kind) => {
  let directory: string;
  let postgres: Postgres | undefined;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "altlayer-model-"));
    if (kind === "postgres") postgres = await startPostgres();
  });

  afterAll(async () => {
    await postgres?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test("comes to what is wanted through any orders and any crashes, and sends no transaction twice", async () => {
    let crashes = 0;
    let failures = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { minLength: 3, maxLength: 14 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
        async (orders, failSteps) => {
          const options: StoreOptions =
            kind === "sqlite"
              ? { kind, file: join(directory, `${randomBytes(6).toString("hex")}.db`) }
              : { kind, url: await postgres!.database() };
          const db = await openDatabase(options);
          try {
            const counted = await play(db, orders, new Set(failSteps));
            crashes += counted.crashes;
            failures += counted.failures;
          } finally {
            await db.destroy();
          }
        },
      ),
      {
        numRuns: Number(process.env.ALTLAYER_MODEL_RUNS ?? (kind === "sqlite" ? 25 : 8)),
        // One story that reaches a crash and a failure whatever the seed.
        examples: [[STORY, [2, 9]]],
      },
    );
    // The generator did what it is for.
    expect(crashes).toBeGreaterThan(0);
    expect(failures).toBeGreaterThan(0);
  }, 120_000);

  test("leaves a store alone that a newer version has written to", async () => {
    const options: StoreOptions =
      kind === "sqlite" ? { kind, file: join(directory, "newer.db") } : { kind, url: await postgres!.database() };
    const db = await openDatabase(options);
    const at = new Date().toISOString();
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', ${at})`.execute(db);
    await db.destroy();
    const newer = { code: "STORE_NEWER", details: { unknown: ["9999-later"] } };
    await expect(openDatabase(options)).rejects.toMatchObject(newer);
    await expect(openDatabase(options)).rejects.toMatchObject(newer);
  });

  test("lets nobody write who has lost the lease", async () => {
    const options: StoreOptions =
      kind === "sqlite" ? { kind, file: join(directory, "lease.db") } : { kind, url: await postgres!.database() };
    const db = await openDatabase(options);
    try {
      const people = new PeopleStore({ nowMs }, { db });
      const user = await people.localUser();
      const [team] = await people.teamsOf(user.id);
      const rollups = new RollupStore({ nowMs }, { db });
      const { id } = await rollups.create({
        teamId: team!.id,
        spec: parseSpec(newSpec("leased-one")),
        authorId: user.id,
      });
      const take = (holder: string, at: number) =>
        takeLease(db, { name: "reconciler", holder, ttlMs: 1_000, nowMs: at });
      const first = await take("a", 1_000);
      expect(await take("b", 1_500)).toBeNull();
      expect((await take("a", 1_900))?.token).toBe(first?.token);
      const second = await take("b", 3_000);
      expect(second?.token).toBe(first!.token + 1);
      await expect(rollups.setPhase(first!, id, { phase: "running", problem: null })).rejects.toMatchObject({
        code: "LEASE_LOST",
      });
      await rollups.setPhase(second!, id, { phase: "stopped", problem: null });
      expect((await rollups.get(id)).phase).toBe("stopped");
    } finally {
      await db.destroy();
    }
  });
});
