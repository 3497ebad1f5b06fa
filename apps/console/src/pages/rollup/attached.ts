import type { Rollup } from "../../api/types.ts";

/** Pages of what only whoever runs a chain can do; for one that others run, the rest is theirs. */
const OF_WHO_RUNS_IT = ["faucet", "keys", "recovery"];
/** Pages of what the platform's operators do. */
const OF_OPERATORS = ["staking", "logs"];
/** Of the spec, how we look at it is all that is ours to change. */
const OURS = /^(name$|alarms\.|access\.publicStatus$)/;

/** Whether the page below the rollup's path makes sense for it. */
export function hasPage({ kind, mach }: Pick<Rollup, "kind" | "mach">, page: string): boolean {
  if (kind === "managed") return true;
  return !OF_WHO_RUNS_IT.includes(page) && (mach !== null || !OF_OPERATORS.includes(page));
}

/** Whether a field of the spec is shown among the settings. */
export const hasField = ({ kind }: Pick<Rollup, "kind">, path: string): boolean =>
  kind === "managed" || OURS.test(path);
