import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@altlayer/rollup";
import type { AlarmBook, AlarmChanges, AlarmTiming, Standing } from "../core/alarms.ts";
import { ALARM_TIMING, closeBook, keyOf, lookAt } from "../core/alarms.ts";
import { conditionsOf, type SeenBalance } from "../core/conditions.ts";
import { problemOf } from "../errors.ts";
import { newId } from "../ids.ts";
import { budgetPercent } from "../money/maths.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import { restakeResult } from "../steps/results.ts";
import type { Heartbeat } from "../store/heartbeat.ts";
import type { Incident, IncidentStore } from "../store/incidents.ts";
import type { Lease } from "../store/lease.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { RollupStore } from "../store/rollups.ts";
import type { Observer } from "./observer.ts";

export interface WatcherOptions {
  readonly nowMs: () => number;
  readonly everyMs?: number;
  readonly timing?: AlarmTiming;
}

export interface WatcherDependencies {
  readonly rollups: RollupStore;
  readonly incidents: IncidentStore;
  readonly heartbeat: Heartbeat;
  readonly observer: Observer;
  readonly runtime: Runtime;
  readonly balances: (rollup: RollupRecord) => Promise<readonly SeenBalance[]>;
  /** Spent on the settlement network in the running month. */
  readonly monthWei: (rollup: RollupRecord) => Promise<bigint>;
  /** Throws while another control plane is the one that acts. */
  readonly lease: () => Lease;
  readonly log: Logger;
}

const EVERY_MS = 5_000;
/** Rollups looked at at a time, when they do not answer. */
const CONCURRENCY = 16;
/** The looks of a round are spread over this share of it: two hundred at once would hold up whoever asks the API. */
const SPREAD = 0.8;
const STANDING_MAX = 100;
const PRUNE_MS = 3_600_000;
/** Without a heartbeat for so long, the platform was down. */
const DOWN_MS = 60_000;
const EMPTY: AlarmBook = { pending: new Map(), standing: new Map(), past: new Map() };

interface Facts {
  readonly revision: number;
  readonly spec: RollupSpec;
  readonly table: `0x${string}` | null;
}

/** Looks at every rollup that should run, every few seconds, and records alarms that are raised and cleared. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #deps: WatcherDependencies;
  readonly #closing = new AbortController();
  readonly #books = new Map<string, AlarmBook>();
  readonly #facts = new Map<string, Facts>();
  /** Token of the lease under which the books were read. */
  #loaded: number | null = null;
  #prunedAt = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: WatcherOptions, dependencies: WatcherDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** What stands for a rollup; as it was stored, where another control plane watches it. */
  async standing({ id, teamId }: RollupRecord): Promise<readonly Pick<Standing, "code" | "message" | "raisedAt">[]> {
    const book = this.#books.get(id);
    if (book !== undefined) return [...book.standing.values()];
    return await this.#deps.incidents.list(teamId, { rollupId: id, open: true, limit: STANDING_MAX });
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const { everyMs = EVERY_MS } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        await this.#round(everyMs);
        failures = 0;
      } catch (error) {
        // Without the lease somebody else watches.
        const { code, message } = problemOf(error);
        if (code !== "LEASE_LOST" && failures++ % 100 === 0) this.#deps.log.warn("cannot watch", { error: message });
      }
      await this.#until(startedAt + everyMs);
    }
  }

  async #until(dueAt: number): Promise<void> {
    const ms = Math.max(1, dueAt - performance.now());
    await sleep(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
  }

  async #round(everyMs: number): Promise<void> {
    const { rollups, incidents, heartbeat, lease, log } = this.#deps;
    const { nowMs } = this.#options;
    const held = lease();
    if (this.#loaded !== held.token) await this.#load(held);
    const watched = await rollups.watched();
    const queue = [...watched.entries()];
    const startedAt = performance.now();
    const gapMs = (everyMs * SPREAD) / Math.max(1, watched.length);
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, rollup] = next;
        const { id } = rollup;
        await this.#until(startedAt + index * gapMs);
        if (this.#closing.signal.aborted) return;
        await this.#look(held, rollup).catch((error: unknown) => {
          if (problemOf(error).code === "LEASE_LOST") throw error;
          log.warn("cannot look at a rollup", { rollup: id, error: problemOf(error).message });
        });
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, watched.length) }, work));
    await this.#closeOthers(held, new Set(watched.map(({ id }) => id)));
    await heartbeat.beat(held, nowMs());
    if (nowMs() - this.#prunedAt < PRUNE_MS) return;
    this.#prunedAt = nowMs();
    await incidents.prune(nowMs());
  }

  /** Takes up what stood when this control plane, or the one before, was last there. */
  async #load(held: Lease): Promise<void> {
    const { incidents, heartbeat, rollups } = this.#deps;
    const { nowMs, timing = ALARM_TIMING } = this.#options;
    const now = nowMs();
    this.#books.clear();
    for (const incident of await incidents.recent(now - timing.relapseWindowMs)) {
      this.#books.set(incident.rollupId, withIncident(this.#books.get(incident.rollupId) ?? EMPTY, incident, now));
    }
    const last = await heartbeat.last();
    if (last !== null && now - last > DOWN_MS) {
      // Users noticed, so it is recorded and told, however late.
      for (const rollup of await rollups.watched()) await this.#wasDown(held, rollup, last);
    }
    this.#loaded = held.token;
  }

  async #wasDown(held: Lease, rollup: RollupRecord, since: number): Promise<void> {
    const now = this.#options.nowMs();
    const book = this.#books.get(rollup.id) ?? EMPTY;
    const message = "The platform did not run.";
    const alarm: Standing = {
      code: "PLATFORM_DOWN",
      subject: "",
      message,
      id: newId("inc", now),
      raisedAt: since,
      relapses: 0,
      seenAt: now,
    };
    const key = keyOf(alarm);
    if (book.standing.has(key)) return;
    const next = { ...book, standing: new Map([...book.standing, [key, alarm]]) };
    await this.#apply(held, rollup, { book: next, raised: [alarm], cleared: [] });
  }

  async #look(held: Lease, rollup: RollupRecord): Promise<void> {
    const { observer, runtime, balances, monthWei } = this.#deps;
    const { nowMs, timing = ALARM_TIMING } = this.#options;
    const { spec, table } = await this.#factsOf(rollup);
    const seen = await observer.look({
      rollup,
      rpc: runtime.running(rollup.id)?.endpoints.rpc ?? null,
      balances: await balances(rollup),
      budgetPercent: budgetPercent(await monthWei(rollup), BigInt(spec.alarms.monthlyBudgetWei)),
      blockTimeSeconds: spec.chain.blockTimeSeconds,
      idleSeconds: spec.execution.idleSeconds,
      table,
    });
    const now = nowMs();
    const changes = lookAt(this.#books.get(rollup.id) ?? EMPTY, conditionsOf(seen, spec.alarms), {
      nowMs: now,
      timing,
      newId: () => newId("inc", now),
    });
    await this.#apply(held, rollup, changes);
  }

  /** Somebody stopped, exported or destroyed it: nothing is wrong with it any more. */
  async #closeOthers(held: Lease, watched: ReadonlySet<string>): Promise<void> {
    for (const [id, book] of this.#books) {
      if (watched.has(id)) continue;
      const rollup = await this.#deps.rollups.get(id);
      if (book.standing.size > 0) await this.#apply(held, rollup, closeBook(book, this.#options.nowMs()));
      this.#books.delete(id);
      this.#facts.delete(id);
      this.#deps.observer.forget(id);
    }
  }

  /** The book is taken over once it is stored: what a crash cuts off is found wrong again at the next look. */
  async #apply(held: Lease, rollup: RollupRecord, changes: AlarmChanges): Promise<void> {
    const { incidents, log } = this.#deps;
    if (changes.raised.length > 0 || changes.cleared.length > 0) {
      await incidents.apply(held, rollup, changes);
      for (const { code, message } of changes.raised) log.warn("alarm raised", { rollup: rollup.id, code, message });
      for (const { code } of changes.cleared) log.info("alarm cleared", { rollup: rollup.id, code });
    }
    this.#books.set(rollup.id, changes.book);
  }

  async #factsOf(rollup: RollupRecord): Promise<Facts> {
    const known = this.#facts.get(rollup.id);
    if (known?.revision === rollup.revision) return known;
    const { rollups } = this.#deps;
    const [spec, steps] = await Promise.all([rollups.spec(rollup), rollups.steps(rollup.id)]);
    const step = steps.find(({ name, status }) => name === "restake" && status === "done");
    const restaked = restakeResult.safeParse(step?.result);
    const service = restaked.success ? restaked.data.service : null;
    const table = service === null ? null : (service.suite.table.toLowerCase() as `0x${string}`);
    const facts = { revision: rollup.revision, spec, table };
    // An attached chain may be given its service while it is watched.
    if (step !== undefined) this.#facts.set(rollup.id, facts);
    return facts;
  }
}

function withIncident(book: AlarmBook, incident: Incident, nowMs: number): AlarmBook {
  const { id, code, subject, message, raisedAt, clearedAt, relapses } = incident;
  const key = keyOf(incident);
  if (clearedAt === null) {
    const alarm = { id, code, subject, message, raisedAt, relapses, seenAt: nowMs };
    return { ...book, standing: new Map([...book.standing, [key, alarm]]) };
  }
  return { ...book, past: new Map([...book.past, [key, { relapses, clearedAt }]]) };
}
