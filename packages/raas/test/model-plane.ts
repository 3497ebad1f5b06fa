import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "@altlayer/rollup";
import { Drills } from "../src/drill/drills.ts";
import { EventHub } from "../src/events.ts";
import { Reconciler } from "../src/reconciler.ts";
import { Rotations } from "../src/rotation/rotations.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { KeyRotations } from "../src/secrets/key-rotations.ts";
import { KeyStore } from "../src/secrets/key-store.ts";
import { Vault } from "../src/secrets/vault.ts";
import { Snapshots } from "../src/snapshots/snapshots.ts";
import { AttachmentStore } from "../src/store/attachments.ts";
import type { Database } from "../src/store/database.ts";
import { DrillStore } from "../src/store/drills.ts";
import type { Lease } from "../src/store/lease.ts";
import { takeLease } from "../src/store/lease.ts";
import { Outbox } from "../src/store/outbox.ts";
import type { RollupRecord } from "../src/store/rollup-records.ts";
import { RollupStore } from "../src/store/rollups.ts";
import { NAMED_ROLES } from "./simulated-l1.ts";
import { Incarnation, SimulatedWorld } from "./simulated-world.ts";

const nowMs = () => Date.now();
const SETTLE_MS = 60_000;
const ROTATION_POLL_MS = 5;
const vault = new Vault(randomBytes(32));

/** A control plane whose process is replaced whenever it dies. */
export class ControlPlane {
  readonly world = new SimulatedWorld();
  readonly rollups: RollupStore;
  readonly attachments: AttachmentStore;
  readonly rotationStore: KeyRotations;
  readonly drillStore: DrillStore;
  readonly snapshots: Snapshots;
  readonly #db: Database;
  readonly #directory: string;
  readonly #keys: KeyStore;
  readonly #failSteps: ReadonlySet<number>;
  incarnation!: Incarnation;
  reconciler!: Reconciler;
  rotations!: Rotations;
  drills!: Drills;

  constructor(
    options: { readonly directory: string; readonly failSteps: ReadonlySet<number> },
    { db }: { readonly db: Database },
  ) {
    this.#db = db;
    this.#directory = options.directory;
    this.#failSteps = options.failSteps;
    this.rollups = new RollupStore({ nowMs }, { db });
    this.attachments = new AttachmentStore({ db, vault });
    this.#keys = new KeyStore({ nowMs }, { db, vault });
    this.rotationStore = new KeyRotations({ nowMs }, { db, vault, keys: this.#keys });
    this.drillStore = new DrillStore({ nowMs }, { db });
    // Whichever process lives takes them; what is on disk outlives it.
    const snapshot: Runtime["snapshot"] = (id, taken) => this.incarnation.snapshot(id, taken);
    this.snapshots = new Snapshots({ directoryOf: this.directoryOf, nowMs }, { runtime: { snapshot } });
  }

  readonly directoryOf = (id: string): string => join(this.#directory, id);

  async boot(): Promise<void> {
    const lease = (await takeLease(this.#db, {
      name: "reconciler",
      holder: randomBytes(8).toString("hex"),
      ttlMs: 60_000,
      nowMs: nowMs(),
      steal: true,
    })) as Lease;
    const { rollups, attachments, rotationStore, drillStore, snapshots, world, directoryOf } = this;
    const incarnation = new Incarnation(
      { failSteps: this.#failSteps, directoryOf },
      { world, keys: this.#keys, rotations: rotationStore, attachments, snapshots, outbox: () => outbox },
    );
    const held = () => incarnation.leaseOf(lease);
    const outbox = new Outbox({ nowMs }, { db: this.#db, lease: held });
    const shared = { rollups, events: new EventHub(), lease: held, log: silentLogger };
    const networks = world.l1.seenBy(() => incarnation.deed());
    this.incarnation = incarnation;
    this.reconciler = new Reconciler(
      { concurrency: 2, startConcurrency: 2, nowMs, retryMs: () => 5 },
      { ...shared, actions: incarnation },
    );
    this.rotations = new Rotations(
      { nowMs, pollMs: ROTATION_POLL_MS, signerGraceMs: 0 },
      { ...shared, store: rotationStore, networks, runtime: incarnation, outbox },
    );
    const isRunning = (id: string) => (incarnation.running(id) === null ? null : { endpoints: { rpc: "" } });
    this.drills = new Drills(
      { directory: join(this.#directory, "drills"), directoryOf, nowMs },
      {
        ...shared,
        store: drillStore,
        snapshots,
        runtime: { running: isRunning } as unknown as Runtime,
        networks,
        copyL1: null,
      },
    );
    await this.reconciler.start();
    await this.drills.start();
    this.rotations.start();
  }

  /** The node dies with its disk. */
  async lose(id: string): Promise<void> {
    this.world.files.set(id, new Set());
    this.incarnation.lose(id);
  }

  /** What a supervisor does: a dead process is replaced by a new one. */
  async revive(): Promise<void> {
    if (!this.incarnation.dead) return;
    const dead = [this.reconciler, this.rotations, this.drills];
    await this.boot();
    for (const part of dead) await part.close();
  }

  async close(): Promise<void> {
    for (const part of [this.drills, this.rotations, this.reconciler]) await part.close();
  }

  /** Lets it work until all is as wanted, through every crash that is still to come. */
  async settle(ids: readonly string[]): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    for (;;) {
      await this.revive();
      this.world.l1.finalize();
      const records = await Promise.all(ids.map((id) => this.rollups.get(id)));
      const settled = await Promise.all(records.map((record) => this.#isSettled(record)));
      if (settled.every((is) => is) && !this.incarnation.dead) return;
      if (performance.now() > deadline) {
        throw new TypeError(
          `not settled: ${JSON.stringify(records.map(({ phase, desired, problem }) => ({ phase, desired, problem })))}`,
        );
      }
      await sleep(2);
    }
  }

  async #isSettled(record: RollupRecord): Promise<boolean> {
    const { id, phase, desired } = record;
    if (phase !== desired) return false;
    if (desired === "running") {
      if (record.restore !== null) return false;
      const wanted = this.incarnation.settingsOf(await this.rollups.spec(record));
      if (this.incarnation.running(id) !== wanted) return false;
    }
    if ((await this.drillStore.list(id, { limit: 100 })).some(({ status }) => status === "running")) return false;
    // What is being destroyed rotates no more.
    if (desired === "destroyed") return true;
    const next = await this.rotationStore.next(id);
    const isNamed = NAMED_ROLES.map((role) => this.world.l1.named(id, role));
    return next.every(({ address, inUseSince }) => !isNamed.includes(address) && inUseSince === null);
  }
}
