import type { StepName } from "../core/decide.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import type { Lease } from "../store/lease.ts";
import type { RollupRecord } from "../store/rollup-records.ts";

export interface StepContext {
  readonly rollup: RollupRecord;
  readonly spec: RollupSpec;
  readonly lease: Lease;
  /** What an earlier step made, as it was recorded. */
  result(step: StepName): unknown;
  /** Progress, for people. */
  detail(text: string): void;
  readonly signal: AbortSignal;
}

/** Does its part so that doing it again does no harm, and returns what later steps need (JSON). */
export type Step = (context: StepContext) => Promise<unknown>;

/** What the reconciler can do to the world. */
export interface Actions {
  readonly steps: Readonly<Record<StepName, Step>>;
  /** Ends the node; afterwards nothing signs for the rollup here. */
  stop(id: string): Promise<void>;
  /** Settings of the running node, null while none runs. */
  running(id: string): string | null;
  settingsOf(spec: RollupSpec): string;
  hasData(id: string): Promise<boolean>;
  /** Removes the rollup's files. */
  remove(id: string): Promise<void>;
  onExit(listener: (id: string, error: unknown) => void): () => void;
}

export const STEP_TITLES: Readonly<Record<StepName, string>> = {
  keys: "Make the keys",
  fund: "Fund the role accounts",
  contracts: "Deploy the L1 contracts",
  genesis: "Build the genesis",
  restake: "Restake: contracts, operators and their stake",
  restore: "Restore from the newest snapshot",
  start: "Start the node",
  health: "Wait for the first block",
};
