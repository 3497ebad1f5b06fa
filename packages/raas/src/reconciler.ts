import type { Logger } from "@altlayer/rollup";
import type { Decision, LaunchStep, Phase, StepName, View } from "./core/decide.ts";
import { decide, LAUNCH_STEPS, phaseDuring, RUN_STEPS, retryAfterMs } from "./core/decide.ts";
import { problemOf } from "./errors.ts";
import type { EventHub } from "./events.ts";
import { Slots } from "./slots.ts";
import type { Actions } from "./steps/step.ts";
import type { Lease } from "./store/lease.ts";
import type { Problem, RollupRecord, StepRecord } from "./store/rollup-records.ts";
import type { RollupStore } from "./store/rollups.ts";

export interface ReconcilerOptions {
  /** Steps of launches under way at a time, each of another rollup. */
  readonly concurrency: number;
  /** Starts of nodes under way at a time, beside those: a chain that has users waits for no launch. */
  readonly startConcurrency: number;
  readonly nowMs: () => number;
  /** How long to wait after so many failures in a row; `retryAfterMs` unless a test is in a hurry. */
  readonly retryMs?: (failures: number) => number;
}

export interface ReconcilerDependencies {
  readonly rollups: RollupStore;
  readonly actions: Actions;
  readonly events: EventHub;
  readonly lease: () => Lease;
  readonly log: Logger;
}

interface Worker {
  /** The loop under way, null at rest. */
  running: Promise<void> | null;
  again: boolean;
  failures: number;
  timer: NodeJS.Timeout | null;
  healthy: boolean;
  /** When its node ended by itself, of late. */
  crashes: number[];
  /** Cuts the step under way short, when something else is wanted. */
  step: AbortController | null;
}

/** How often is looked whether money or the like has come. */
const WAITING_MS = 2_000;
/** So long a crash makes the start after the next one wait longer. */
const CRASH_MEMORY_MS = 10 * 60_000;
const CRASHES_MAX = 16;
const STARTS: ReadonlySet<StepName> = new Set(RUN_STEPS);
const WAITING_CODES = new Set(["FUNDS_MISSING"]);

/**
 * Drives every rollup to what is wanted of it. It keeps nothing that matters in memory: each round reads the store,
 * asks `decide` for one step, performs it and records the result.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #dependencies: ReconcilerDependencies;
  readonly #workers = new Map<string, Worker>();
  readonly #closing = new AbortController();
  readonly #offExit: () => void;
  readonly #retryMs: (failures: number) => number;
  readonly #launching: Slots;
  readonly #starting: Slots;

  constructor(options: ReconcilerOptions, dependencies: ReconcilerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#launching = new Slots(options.concurrency);
    this.#starting = new Slots(options.startConcurrency);
    this.#retryMs = options.retryMs ?? retryAfterMs;
    this.#offExit = dependencies.actions.onExit((id, error) => {
      dependencies.log.warn("node ended", { rollup: id, error: problemOf(error).message });
      void this.#crashed(id, error);
    });
  }

  /** Takes up all rollups where they were left. */
  async start(): Promise<void> {
    for (const id of await this.#dependencies.rollups.unfinished()) this.kick(id);
  }

  /** Something about this rollup has changed, or may have: look again, now. */
  kick(id: string): void {
    if (this.#closing.signal.aborted) return;
    const worker = this.#worker(id);
    if (worker.timer !== null) clearTimeout(worker.timer);
    worker.timer = null;
    worker.again = true;
    worker.running ??= this.#loop(id, worker).finally(() => {
      worker.running = null;
      if (worker.again) this.kick(id);
    });
  }

  /** Like `kick`, and what is under way is cut short: the desired state is another. */
  interrupt(id: string): void {
    const worker = this.#worker(id);
    worker.failures = 0;
    worker.step?.abort();
    this.kick(id);
  }

  /** The lease is lost: what is under way is cut short, and nothing is begun until `start`. */
  pause(): void {
    for (const worker of this.#workers.values()) {
      if (worker.timer !== null) clearTimeout(worker.timer);
      worker.timer = null;
      worker.healthy = false;
      worker.step?.abort();
    }
  }

  /** Waits until no step is under way. Nodes keep running: the runtime is closed by who opened it. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#offExit();
    for (const worker of this.#workers.values()) {
      if (worker.timer !== null) clearTimeout(worker.timer);
      worker.step?.abort();
    }
    this.#launching.open();
    this.#starting.open();
    await Promise.all([...this.#workers.values()].map(({ running }) => running));
  }

  #worker(id: string): Worker {
    let worker = this.#workers.get(id);
    if (worker === undefined) {
      worker = { running: null, again: false, failures: 0, timer: null, healthy: false, crashes: [], step: null };
      this.#workers.set(id, worker);
    }
    return worker;
  }

  async #loop(id: string, worker: Worker): Promise<void> {
    const { log } = this.#dependencies;
    try {
      while (!this.#closing.signal.aborted) {
        worker.again = false;
        if (await this.#round(id, worker)) continue;
        if (!worker.again) return;
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      // Whoever holds the lease does it. `start` is called when that is us again.
      if (problemOf(error).code === "LEASE_LOST") return;
      // The store failed: nothing can be recorded, so nothing is done for a while.
      log.error("cannot reconcile", { rollup: id, error: problemOf(error).message });
      this.#later(id, worker, this.#retryMs(++worker.failures));
    }
  }

  /** One decision. True: look again at once. */
  async #round(id: string, worker: Worker): Promise<boolean> {
    const { rollups, actions } = this.#dependencies;
    const rollup = await rollups.get(id);
    const steps = new Map((await rollups.steps(id)).map((step) => [step.name, step]));
    const spec = await rollups.spec(rollup);
    const view: View = {
      desired: rollup.desired,
      phase: rollup.phase,
      done: new Set(LAUNCH_STEPS.filter((name): name is LaunchStep => steps.get(name)?.status === "done")),
      running: actions.running(id),
      wanted: actions.settingsOf(spec),
      healthy: worker.healthy,
      restoring: rollup.restore !== null,
      data: await actions.hasData(id),
    };
    const decision = decide(view);
    const phase = phaseDuring(decision, rollup.phase);
    if (phase !== rollup.phase) await this.#setPhase(rollup, phase, phase === "failed" ? rollup.problem : null);
    if (decision.kind === "rest") {
      worker.failures = 0;
      if (rollup.problem !== null) await this.#setPhase(rollup, phase, null);
      if (phase === "destroyed" || phase === "exported") this.#workers.delete(id);
      return false;
    }
    try {
      await this.#perform(decision, rollup, steps, worker);
      worker.failures = 0;
      if (phase === "failed" || phase === "waiting") await this.#setPhase(rollup, "launching", null);
      return true;
    } catch (error) {
      if (problemOf(error).code === "LEASE_LOST") throw error;
      if (worker.step?.signal.aborted === true || this.#closing.signal.aborted) return !this.#closing.signal.aborted;
      await this.#failed(rollup, worker, error);
      return false;
    } finally {
      worker.step = null;
    }
  }

  async #perform(
    decision: Exclude<Decision, { kind: "rest" }>,
    rollup: RollupRecord,
    steps: ReadonlyMap<StepName, StepRecord>,
    worker: Worker,
  ): Promise<void> {
    const { actions } = this.#dependencies;
    worker.step = new AbortController();
    if (decision.kind === "stop") {
      worker.healthy = false;
      await actions.stop(rollup.id);
      return;
    }
    if (decision.kind === "remove") {
      await actions.remove(rollup.id);
      return;
    }
    const slots = STARTS.has(decision.step) ? this.#starting : this.#launching;
    await slots.take();
    try {
      this.#closing.signal.throwIfAborted();
      await this.#runStep(decision.step, rollup, steps, worker.step.signal);
      if (decision.step === "health") worker.healthy = true;
      if (decision.step === "start") worker.healthy = false;
      if (decision.step === "restore") await this.#dependencies.rollups.endRestore(this.#dependencies.lease(), rollup);
    } finally {
      slots.giveBack();
    }
  }

  async #runStep(
    name: StepName,
    rollup: RollupRecord,
    steps: ReadonlyMap<StepName, StepRecord>,
    signal: AbortSignal,
  ): Promise<void> {
    const { rollups, actions, events, lease, log } = this.#dependencies;
    const held = lease();
    let step: StepRecord = {
      name,
      status: "running",
      attempt: (steps.get(name)?.attempt ?? 0) + 1,
      startedAt: this.#options.nowMs(),
      endedAt: null,
      detail: null,
      problem: null,
      // That of the last time, until there is another.
      result: steps.get(name)?.result ?? null,
    };
    const save = async (change: Partial<StepRecord>) => {
      step = { ...step, ...change };
      await rollups.saveStep(held, rollup.id, step);
      events.step(rollup, step);
    };
    await save({});
    try {
      const result = await actions.steps[name]({
        rollup,
        spec: await rollups.spec(rollup),
        lease: held,
        result: (earlier) => steps.get(earlier)?.result ?? null,
        // Progress is shown, not recorded: a commit for each of fifty transactions would take longer than they do.
        detail: (text) => {
          step = { ...step, detail: text };
          events.step(rollup, step);
        },
        signal,
      });
      await save({ status: "done", endedAt: this.#options.nowMs(), result: result ?? null });
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn("step failed", { rollup: rollup.id, step: name, error: problemOf(error).message });
      await save({ status: "failed", endedAt: this.#options.nowMs(), problem: problemOf(error) });
      throw error;
    }
  }

  async #failed(rollup: RollupRecord, worker: Worker, error: unknown): Promise<void> {
    const problem = problemOf(error);
    const waiting = WAITING_CODES.has(problem.code);
    await this.#setPhase(rollup, waiting ? "waiting" : "failed", problem);
    worker.failures++;
    this.#later(rollup.id, worker, waiting ? WAITING_MS : this.#backOffMs(worker));
  }

  /** A node ended by itself: that is shown, and it is started again, the later the more often it happens. */
  async #crashed(id: string, error: unknown): Promise<void> {
    const worker = this.#worker(id);
    const now = this.#options.nowMs();
    worker.healthy = false;
    worker.crashes = [...worker.crashes.filter((at) => now - at < CRASH_MEMORY_MS), now].slice(-CRASHES_MAX);
    try {
      const rollup = await this.#dependencies.rollups.get(id);
      if (rollup.desired === "running") await this.#setPhase(rollup, "failed", problemOf(error));
    } catch (cause) {
      this.#dependencies.log.warn("cannot record that a node ended", { rollup: id, error: problemOf(cause).message });
    }
    this.#later(id, worker, this.#backOffMs(worker));
  }

  #backOffMs({ failures, crashes }: Worker): number {
    const now = this.#options.nowMs();
    return this.#retryMs(Math.max(failures, crashes.filter((at) => now - at < CRASH_MEMORY_MS).length));
  }

  #later(id: string, worker: Worker, ms: number): void {
    if (this.#closing.signal.aborted || worker.timer !== null) return;
    worker.timer = setTimeout(() => {
      worker.timer = null;
      this.kick(id);
    }, ms);
    worker.timer.unref();
  }

  async #setPhase(rollup: RollupRecord, phase: Phase, problem: Problem | null): Promise<void> {
    const { rollups, events, lease } = this.#dependencies;
    await rollups.setPhase(lease(), rollup.id, { phase, problem });
    events.changed(rollup);
  }
}
