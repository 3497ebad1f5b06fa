import { STEPS, type StepName } from "../core/decide.ts";
import type { Planner } from "../planner.ts";
import type { Rotations } from "../rotation/rotations.ts";
import { settingsOf } from "../runtime/node-config.ts";
import { serviceNames } from "../runtime/operators.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { KeyStore } from "../secrets/key-store.ts";
import type { StartResult } from "../steps/results.ts";
import { contractsResult, genesisResult, restakeResult, startResult } from "../steps/results.ts";
import { STEP_TITLES } from "../steps/step.ts";
import type { DrillStore } from "../store/drills.ts";
import type { RollupRecord, StepRecord } from "../store/rollup-records.ts";
import type { RollupStore } from "../store/rollups.ts";
import { drillResults } from "./present-recovery.ts";
import { iso, isoOrNull } from "./time.ts";

export interface PresenterDependencies {
  readonly runtime: Runtime;
  readonly rollups: RollupStore;
  readonly keys: KeyStore;
  readonly planner: Planner;
  readonly drillStore: DrillStore;
  readonly rotations: Rotations;
}

const shownNode = ({ version, engine, since }: StartResult["node"]) => ({ version, engine, since: iso(since) });

/** Rollups as the API shows them. */
export class Presenter {
  readonly #deps: PresenterDependencies;

  constructor(dependencies: PresenterDependencies) {
    this.#deps = dependencies;
  }

  summary(rollup: RollupRecord) {
    const { readyAt, createdAt, updatedAt } = rollup;
    const running = this.#deps.runtime.running(rollup.id);
    return {
      id: rollup.id,
      kind: rollup.kind,
      teamId: rollup.teamId,
      name: rollup.name,
      chainId: rollup.chainId,
      networkId: rollup.networkId,
      revision: rollup.revision,
      phase: rollup.phase,
      desired: rollup.desired,
      problem: rollup.problem,
      restoring: rollup.restore !== null,
      createdAt: iso(createdAt),
      updatedAt: iso(updatedAt),
      readyAt: isoOrNull(readyAt),
      launchMs: readyAt === null ? null : readyAt - createdAt,
      endpoints: running?.shown ?? running?.endpoints ?? null,
    };
  }

  async full(rollup: RollupRecord) {
    const { rollups, keys, planner, drillStore, rotations } = this.#deps;
    const [steps, spec, accounts, drills] = await Promise.all([
      rollups.steps(rollup.id),
      rollups.spec(rollup),
      keys.accounts(rollup.id),
      drillResults(rollup.id, drillStore),
    ]);
    const resultOf = (name: StepRecord["name"]) =>
      steps.find((step) => step.name === name && step.status === "done")?.result;
    const contracts = contractsResult.safeParse(resultOf("contracts"));
    const genesis = genesisResult.safeParse(resultOf("genesis"));
    const restaked = restakeResult.safeParse(resultOf("restake"));
    const mach = restaked.success ? restaked.data : null;
    const started = startResult.safeParse(steps.find(({ name }) => name === "start")?.result).data;
    const running = this.#deps.runtime.running(rollup.id);
    return {
      ...this.summary(rollup),
      applied: running === null ? null : running.settings === settingsOf(spec),
      contracts: contracts.success ? contracts.data.addresses : null,
      l2GenesisHash: genesis.success ? genesis.data.l2GenesisHash : null,
      mach: mach?.service ? { ...serviceNames(mach.service), operators: mach.operators } : null,
      accounts,
      // A settlement network that is silent must not hide the rest of the page.
      signatures: contracts.success
        ? (
            await Promise.all([
              planner.signatures(rollup, spec).catch(() => []),
              rotations.signatures(rollup).catch(() => []),
            ])
          ).flat()
        : [],
      drills,
      forks: rollup.kind === "attached" ? null : planner.forks(rollup, spec),
      node:
        started === undefined
          ? null
          : { ...shownNode(started.node), predecessor: started.predecessor && shownNode(started.predecessor) },
      spec,
      steps: this.steps(steps),
    };
  }

  /** All steps of a launch, those that have not begun as pending; a restore where there was one. */
  steps(known: readonly StepRecord[]) {
    const names = STEPS.flatMap((name): StepName[] =>
      name === "start" && known.some((step) => step.name === "restore") ? ["restore", name] : [name],
    );
    return names.map((name) => {
      const step = known.find((item) => item.name === name);
      return step === undefined ? this.pending(name) : this.step(step);
    });
  }

  step({ name, status, attempt, startedAt, endedAt, detail, problem }: StepRecord) {
    return {
      name,
      title: STEP_TITLES[name],
      status,
      attempt,
      startedAt: isoOrNull(startedAt),
      endedAt: isoOrNull(endedAt),
      detail,
      problem,
    };
  }

  pending(name: StepRecord["name"]) {
    return this.step({
      name,
      status: "pending",
      attempt: 0,
      startedAt: null,
      endedAt: null,
      detail: null,
      problem: null,
      result: null,
    });
  }
}
