import { LAUNCH_STEPS, RUN_STEPS } from "./core/decide.ts";
import type { Change } from "./core/plan.ts";
import { changesBetween, FIXED_NOTE } from "./core/plan.ts";
import { RaasError } from "./errors.ts";
import { forkStateOf, planForks, requireNewSchedule, scheduleProblems, withForks } from "./forks/plan.ts";
import type { ForkState } from "./forks/schedule.ts";
import type { Networks } from "./networks.ts";
import type { OwnerTransaction } from "./owner-changes.ts";
import { ownerTransactions, readOwnerValues } from "./owner-changes.ts";
import { specFields, valueAt } from "./spec/fields.ts";
import { invalid } from "./spec/parse.ts";
import type { RollupSpec } from "./spec/rollup-spec.ts";
import { prestateMissing } from "./steps/parameters.ts";
import { isRestaked } from "./steps/restake.ts";
import { contractsResult } from "./steps/results.ts";
import { STEP_TITLES } from "./steps/step.ts";
import type { RollupRecord } from "./store/rollup-records.ts";
import type { RollupStore } from "./store/rollups.ts";

export interface PlanAction {
  readonly kind: string;
  readonly title: string;
}

export interface Plan {
  /** The revision that the plan stands on; null for a new rollup. */
  readonly base: number | null;
  readonly valid: true;
  readonly changes: readonly Change[];
  readonly refused: boolean;
  readonly actions: readonly PlanAction[];
  readonly signatures: readonly OwnerTransaction[];
  readonly downtimeSeconds: number | null;
}

const RESTART_SECONDS = 2;
/** Of a chain that others run, only how we look at it is ours to change. */
const OURS_OF_ATTACHED = /^(name$|alarms\.|access\.publicStatus$)/;
const NO_FORKS = { changes: [], actions: [] };
const FIXED = { change: "never", effect: "none" } as const;
const OWNER_CACHE_MS = 2_000;
const CACHE_MAX = 10_000;

/** Says what a spec would change, and what for ever stays as it is. */
export class Planner {
  readonly #networks: Networks;
  readonly #rollups: RollupStore;
  readonly #nowMs: () => number;
  readonly #signatures = new Map<
    string,
    { readonly at: number; readonly key: string; readonly list: readonly OwnerTransaction[] }
  >();

  constructor(
    { nowMs }: { readonly nowMs: () => number },
    { networks, rollups }: { readonly networks: Networks; readonly rollups: RollupStore },
  ) {
    this.#nowMs = nowMs;
    this.#networks = networks;
    this.#rollups = rollups;
  }

  /** What the schema alone cannot tell. @throws RaasError `SPEC_INVALID` */
  check(spec: RollupSpec): void {
    const path = "settlement.network";
    if (!this.#networks.has(spec.settlement.network)) {
      const known = this.#networks.all.map(({ id }) => id).join(", ");
      throw invalid([{ path, message: `there is no network ${spec.settlement.network}; there are: ${known}` }]);
    }
    const network = this.#networks.get(spec.settlement.network);
    if (spec.chain.chainId === network.chainId) {
      throw invalid([{ path: "chain.chainId", message: `is the id of ${network.name} itself: choose another` }]);
    }
    if (!network.development && spec.withdrawals.absolutePrestate === undefined) throw prestateMissing(network);
    if (spec.services.mach.restaking === "on" && !network.development) {
      const message = `does not work on ${network.name} yet, only on development networks: choose automatic or off`;
      throw invalid([{ path: "services.mach.restaking", message }]);
    }
    const schedule = scheduleProblems(spec, network, this.#nowMs());
    if (schedule.length > 0) throw invalid(schedule);
    const addresses = spec.genesis.contracts.map(({ address }) => address);
    if (new Set(addresses).size !== addresses.length) {
      throw invalid([{ path: "genesis.contracts", message: "names an address twice" }]);
    }
    if (addresses.some((address) => /^0x(4200|c0d3)0{24,}|^0x0{36}/.test(address))) {
      throw invalid([{ path: "genesis.contracts", message: "names an address that belongs to the OP Stack" }]);
    }
  }

  /** As `check`, for a rollup that is about to be launched. @throws RaasError `SPEC_INVALID` */
  checkNew(spec: RollupSpec): void {
    this.check(spec);
    requireNewSchedule(spec, this.#networks.get(spec.settlement.network), this.#nowMs());
  }

  /** @throws RaasError `SPEC_INVALID` */
  forNew(spec: RollupSpec): Plan {
    this.checkNew(spec);
    const restaked = isRestaked(spec, this.#networks.get(spec.settlement.network));
    const steps = [...LAUNCH_STEPS, ...RUN_STEPS].filter((kind) => kind !== "restake" || restaked);
    const actions = steps.map((kind) => ({ kind, title: STEP_TITLES[kind] }));
    return { base: null, valid: true, changes: [], refused: false, actions, signatures: [], downtimeSeconds: null };
  }

  /** @throws RaasError `SPEC_INVALID`, `NETWORK_UNREACHABLE` */
  async forChange(rollup: RollupRecord, spec: RollupSpec): Promise<Plan> {
    const before = await this.#rollups.spec(rollup);
    const set = changesBetween(
      specFields().map((field) => ({
        ...field,
        ...(rollup.kind === "attached" && !OURS_OF_ATTACHED.test(field.path) ? FIXED : {}),
        from: valueAt(before, field.path) ?? null,
        to: valueAt(spec, field.path) ?? null,
      })),
    );
    if (!set.refused) this.check(spec);
    const forks = set.refused ? NO_FORKS : await this.#planForks(rollup, { before, after: spec });
    const changes = withForks(set.changes, forks);
    const refused = changes.some(({ change }) => change === "never");
    const byOwner = !refused && changes.some(({ change }) => change === "owner");
    const signatures = byOwner ? await this.signatures(rollup, spec) : [];
    const restart = set.restart && !refused;
    const actions = [
      ...forks.actions,
      ...(restart ? [{ kind: "restart", title: "Restart the node with the new settings" }] : []),
      ...signatures.map(({ description }) => ({ kind: "signature", title: `${description} (the owner signs)` })),
    ];
    return {
      base: rollup.revision,
      valid: true,
      changes,
      refused,
      actions: refused ? [] : actions,
      signatures,
      downtimeSeconds: restart ? RESTART_SECONDS : 0,
    };
  }

  async #planForks(rollup: RollupRecord, specs: { readonly before: RollupSpec; readonly after: RollupSpec }) {
    const contracts = contractsResult.safeParse((await this.#contractsStep(rollup))?.result);
    return await planForks(rollup, specs, {
      network: this.#networks.get(rollup.networkId),
      networks: this.#networks,
      systemConfig: contracts.data?.addresses.SystemConfigProxy ?? null,
      nowMs: this.#nowMs(),
    });
  }

  /**
   * @throws RaasError `CHANGE_REFUSED` with the changes that cannot be made; `CONFLICT` while the contracts are being
   * deployed, whose transactions are signed by the spec as it was
   */
  async requirePossible(rollup: RollupRecord, spec: RollupSpec): Promise<Plan> {
    if ((await this.#contractsStep(rollup)) === undefined) {
      throw new RaasError("CONFLICT", `${rollup.name} is being launched: change it when its contracts are deployed`);
    }
    const plan = await this.forChange(rollup, spec);
    if (!plan.refused) return plan;
    const never = plan.changes.filter(({ change }) => change === "never");
    // What once could change says why it cannot any more.
    const reasons = never.map(({ title, note }) => (note === FIXED_NOTE ? title : `${title} (${note})`)).join(", ");
    throw new RaasError("CHANGE_REFUSED", `cannot be changed once a rollup is created: ${reasons}`, {
      details: { changes: never },
    });
  }

  /**
   * A rollback that changes what the owner once signed would be a lie: the chain's past has it. It is refused, and the
   * way back is a change that the owner signs again.
   * @throws RaasError `CHANGE_REFUSED`
   */
  async requireRollback(rollup: RollupRecord, spec: RollupSpec): Promise<Plan> {
    const plan = await this.requirePossible(rollup, spec);
    const signed = plan.changes.filter(({ change }) => change === "owner");
    if (signed.length === 0 || !(await this.#ownerHasSigned(rollup))) return plan;
    const titles = signed.map(({ title }) => title).join(", ");
    throw new RaasError(
      "CHANGE_REFUSED",
      `a rollback cannot undo what the owner signed (${titles}): make a new change, which the owner signs`,
      { details: { changes: signed } },
    );
  }

  /** Where the rollup stands among the forks. */
  forks({ networkId }: RollupRecord, spec: RollupSpec): ForkState {
    return forkStateOf(spec, this.#networks.get(networkId), this.#nowMs());
  }

  /** What the owner has still to sign for this spec; empty before the contracts are there. */
  async signatures(rollup: RollupRecord, spec: RollupSpec): Promise<readonly OwnerTransaction[]> {
    if (rollup.kind === "attached") return [];
    const key = JSON.stringify([spec.execution, spec.l1Fees, spec.owners.admin]);
    const known = this.#signatures.get(rollup.id);
    if (known !== undefined && known.key === key && performance.now() - known.at < OWNER_CACHE_MS) return known.list;
    const step = await this.#contractsStep(rollup);
    if (step === undefined) return [];
    const network = this.#networks.get(rollup.networkId);
    const { addresses } = contractsResult.parse(step.result);
    const contracts = { SystemConfigProxy: addresses.SystemConfigProxy!, ProxyAdmin: addresses.ProxyAdmin! };
    const values = await readOwnerValues(network, contracts);
    const list = ownerTransactions(spec, values, { network, contracts });
    if (this.#signatures.size >= CACHE_MAX) this.#signatures.clear();
    this.#signatures.set(rollup.id, { at: performance.now(), key, list });
    return list;
  }

  async #contractsStep({ id }: RollupRecord) {
    return (await this.#rollups.steps(id)).find(({ name, status }) => name === "contracts" && status === "done");
  }

  async #ownerHasSigned(rollup: RollupRecord): Promise<boolean> {
    const spec = await this.#rollups.spec(rollup);
    return (await this.signatures(rollup, spec)).length === 0;
  }
}
