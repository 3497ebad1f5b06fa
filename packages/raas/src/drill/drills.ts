import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@altlayer/rollup";
import { problemOf, RaasError } from "../errors.ts";
import type { EventHub } from "../events.ts";
import type { Networks } from "../networks.ts";
import { readChainFiles } from "../runtime/chain-files.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";
import { contractsResult } from "../steps/results.ts";
import type { DrillRecord, DrillStore } from "../store/drills.ts";
import type { Lease } from "../store/lease.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { RollupStore } from "../store/rollups.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { forcedInclusionDrill } from "./forced-inclusion.ts";
import { type CopyL1, IsolatedL1 } from "./isolated-l1.ts";
import type { DrillKind, DrillStep } from "./kinds.ts";
import { restoreDrill } from "./restore.ts";
import { rehearsedForks, upgradeDrill } from "./upgrade.ts";
import { withdrawalDrill } from "./withdrawal.ts";

export interface DrillsOptions {
  /** For the copies; emptied at start. */
  readonly directory: string;
  readonly directoryOf: (rollupId: string) => string;
  readonly nowMs: () => number;
}

export interface DrillsDependencies {
  readonly store: DrillStore;
  readonly rollups: RollupStore;
  readonly snapshots: Snapshots;
  readonly runtime: Runtime;
  readonly networks: Networks;
  readonly events: EventHub;
  readonly lease: () => Lease;
  /** Null where no copy of an L1 can be made: then only what needs none is rehearsed. */
  readonly copyL1: CopyL1 | null;
  readonly log: Logger;
}

const DRILLS: Readonly<Record<DrillKind, Drill>> = {
  restore: restoreDrill,
  withdrawal: withdrawalDrill,
  "forced-inclusion": forcedInclusionDrill,
  upgrade: upgradeDrill,
};
/** Copies of a chain take memory and time of those who serve. */
const AT_ONCE = 2;

/** Rehearses what users rely on, beside the rollups and never with them, and records what came of it. */
export class Drills {
  readonly #options: DrillsOptions;
  readonly #d: DrillsDependencies;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #copies = 0;

  constructor(options: DrillsOptions, dependencies: DrillsDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** Clears away what an earlier process left. */
  async start(): Promise<void> {
    await this.#d.store.interruptAll(this.#d.lease());
    await rm(this.#options.directory, { recursive: true, force: true });
  }

  /**
   * Begins one; its record tells how it goes on.
   * @throws RaasError `NOT_RUNNING`, `DRILL_UNAVAILABLE`; `RATE_LIMITED` while as many as may be are under way;
   * `CONFLICT` while one of this rollup is
   */
  async begin(rollup: RollupRecord, kind: DrillKind, actorId: string): Promise<DrillRecord> {
    const { store, runtime, copyL1, lease } = this.#d;
    if (this.#closing.signal.aborted) throw new RaasError("CLOSED", "the control plane is closing");
    if (runtime.running(rollup.id) === null) {
      throw new RaasError("NOT_RUNNING", `${rollup.name} does not run: start it first`);
    }
    if (kind !== "restore" && copyL1 === null) {
      throw new RaasError("DRILL_UNAVAILABLE", "this control plane has no program to copy a settlement network with");
    }
    if (kind === "upgrade") await this.#requireFork(rollup);
    if (this.#copies >= AT_ONCE) {
      throw new RaasError("RATE_LIMITED", `${AT_ONCE} drills are under way: wait for the end of one`);
    }
    const record = await store.begin(lease(), { rollupId: rollup.id, kind, actorId });
    this.#copies++;
    const run = this.#run(rollup, record).catch((error: unknown) => {
      this.#d.log.error("a drill's end was not recorded", { drill: record.id, error: problemOf(error).message });
    });
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
    return record;
  }

  /** A drill that would rehearse nothing is none that failed. */
  async #requireFork(rollup: RollupRecord): Promise<void> {
    const spec = await this.#d.rollups.spec(rollup);
    if (rehearsedForks(spec, this.#d.networks.get(rollup.networkId), this.#options.nowMs()).length > 0) return;
    throw new RaasError("DRILL_UNAVAILABLE", `${rollup.name} has the newest fork that there is an upgrade to`);
  }

  async close(): Promise<void> {
    this.#closing.abort(new RaasError("DRILL_INTERRUPTED", "the control plane ended meanwhile"));
    await Promise.all(this.#running);
  }

  async #run(rollup: RollupRecord, begun: DrillRecord): Promise<void> {
    const { store, events, lease, log } = this.#d;
    let record = begun;
    const save = async (change: Partial<DrillRecord>) => {
      record = { ...record, ...change };
      await store.save(lease(), record);
      events.changed(rollup);
    };
    const closers: (() => Promise<void>)[] = [];
    const directory = join(this.#options.directory, record.id);
    const steps = this.#recorder(save);
    let outcome: Partial<DrillRecord>;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const context = await this.#contextOf(rollup, { directory, closers, step: steps });
      outcome = { status: "passed", summary: await DRILLS[record.kind](context) };
      log.info("drill passed", { rollup: rollup.id, kind: record.kind });
    } catch (error) {
      const problem = problemOf(this.#closing.signal.aborted ? this.#closing.signal.reason : error);
      log.warn("drill failed", { rollup: rollup.id, kind: record.kind, error: problem.message });
      outcome = { status: "failed", problem };
    }
    for (const close of closers.reverse()) {
      await close().catch((error: unknown) => log.warn("a copy did not end", { error: problemOf(error).message }));
    }
    await rm(directory, { recursive: true, force: true }).catch((error: unknown) => {
      log.warn("a copy's files are left behind", { directory, error: problemOf(error).message });
    });
    // Who reads that it has ended may begin the next.
    this.#copies--;
    await save({ ...outcome, endedAt: this.#options.nowMs() });
  }

  async #contextOf(
    rollup: RollupRecord,
    {
      directory,
      closers,
      step,
    }: {
      readonly directory: string;
      readonly closers: (() => Promise<void>)[];
      readonly step: DrillContext["step"];
    },
  ): Promise<DrillContext> {
    const { rollups, networks, runtime, snapshots, copyL1, log } = this.#d;
    const running = runtime.running(rollup.id);
    if (running === null) throw new RaasError("NOT_RUNNING", `${rollup.name} does not run any more`);
    const network = await networks.check(rollup.networkId);
    const contracts = (await rollups.steps(rollup.id)).find(({ name }) => name === "contracts")?.result;
    return {
      rollup,
      spec: await rollups.spec(rollup),
      network,
      rpcUrl: running.endpoints.rpc,
      contracts: contractsResult.parse(contracts).addresses,
      files: await readChainFiles(this.#options.directoryOf(rollup.id)),
      snapshots,
      directory,
      isolateL1: async () => {
        if (copyL1 === null) throw new RaasError("DRILL_UNAVAILABLE", "no settlement network can be copied here");
        const { development, rpcUrl, blockTimeSeconds } = network;
        const copy = await copyL1({ url: rpcUrl, development, directory });
        closers.push(() => copy.stop());
        return new IsolatedL1({ url: copy.url, blockSeconds: blockTimeSeconds });
      },
      atEnd: (close) => closers.push(close),
      step,
      signal: this.#closing.signal,
      log: log.child("copy"),
    };
  }

  /** Records each step when it begins and when it ends; what happens in between is in memory until then. */
  #recorder(save: (change: Partial<DrillRecord>) => Promise<void>): DrillContext["step"] {
    const { nowMs } = this.#options;
    let steps: readonly DrillStep[] = [];
    return async (title, work) => {
      this.#closing.signal.throwIfAborted();
      const before = steps;
      let step: DrillStep = { title, status: "running", startedAt: nowMs(), endedAt: null, detail: null };
      const update = (change: Partial<DrillStep>) => {
        step = { ...step, ...change };
        steps = [...before, step];
      };
      update({});
      await save({ steps });
      try {
        const result = await work((detail) => update({ detail }));
        update({ status: "done", endedAt: nowMs() });
        await save({ steps });
        return result;
      } catch (error) {
        update({ status: "failed", endedAt: nowMs() });
        await save({ steps });
        throw error;
      }
    };
  }
}
