/**
 * What a rollup needs next, from what is wanted and what is known to be done. Pure: the reconciler performs it, records
 * the result and asks again, so that a crash between any two steps only repeats the one that was not recorded.
 */

/** Steps whose results are kept for the rollup's life, in their order. */
export const LAUNCH_STEPS = ["keys", "fund", "contracts", "genesis", "restake"] as const;
/** Steps of each run: a control plane that starts anew has to do them again. */
export const RUN_STEPS = ["start", "health"] as const;
export const STEPS = [...LAUNCH_STEPS, ...RUN_STEPS] as const;
/** What is done once, when somebody asks for it. */
export const ORDERED_STEPS = ["restore"] as const;

export type LaunchStep = (typeof LAUNCH_STEPS)[number];
export type StepName = (typeof STEPS)[number] | (typeof ORDERED_STEPS)[number];
export type Desired = "running" | "stopped" | "destroyed" | "exported";
export type Phase =
  | "launching"
  | "waiting"
  | "running"
  | "stopping"
  | "stopped"
  | "failed"
  | "destroying"
  | "destroyed"
  | "exported";

export interface View {
  readonly desired: Desired;
  readonly phase: Phase;
  readonly done: ReadonlySet<LaunchStep>;
  /** Hash of the settings that the running node has; null while none runs. */
  readonly running: string | null;
  /** Hash of the settings that the spec asks for. */
  readonly wanted: string;
  readonly healthy: boolean;
  /** Somebody asked for a restore, and it is not done yet. */
  readonly restoring: boolean;
  /** Files and keys of the rollup are still here. */
  readonly data: boolean;
}

export type Decision =
  | { readonly kind: "step"; readonly step: StepName }
  | { readonly kind: "stop" }
  | { readonly kind: "remove" }
  /** Nothing to do; the rollup is in this phase. */
  | { readonly kind: "rest"; readonly phase: Phase };

export function decide(view: View): Decision {
  const { desired, running } = view;
  if (desired !== "running") {
    if (running !== null) return { kind: "stop" };
    if (desired === "destroyed" && view.data) return { kind: "remove" };
    return { kind: "rest", phase: desired };
  }
  const missing = LAUNCH_STEPS.find((step) => !view.done.has(step));
  if (missing !== undefined) return { kind: "step", step: missing };
  // Never under a node that runs: two would write, and two could sign.
  if (view.restoring) return running !== null ? { kind: "stop" } : { kind: "step", step: "restore" };
  if (running !== null && running !== view.wanted) return { kind: "stop" };
  if (running === null) return { kind: "step", step: "start" };
  if (!view.healthy) return { kind: "step", step: "health" };
  return { kind: "rest", phase: "running" };
}

const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 60_000;

/** How long to wait before the attempt after `failures` failures in a row. */
export function retryAfterMs(failures: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(20, Math.max(0, failures - 1)));
}

/** The phase while work is under way. */
export function phaseDuring(decision: Decision, phase: Phase): Phase {
  switch (decision.kind) {
    case "rest":
      return decision.phase;
    case "remove":
      return "destroying";
    case "stop":
      return "stopping";
    case "step":
      // A rollup that waits keeps saying so until the step has succeeded.
      return phase === "waiting" || phase === "failed" ? phase : "launching";
  }
}
