/** What differs between two specs, who may make it so, and whether it can be made so at all. Pure. */

export type ChangedBy = "us" | "owner" | "never";
export type Effect = "live" | "restart" | "signature" | "none";

export interface PlannedField {
  readonly path: string;
  readonly title: string;
  readonly change: ChangedBy;
  readonly effect: Effect;
  readonly from: unknown;
  readonly to: unknown;
}

export interface Change extends PlannedField {
  /** What a person should know before agreeing. */
  readonly note: string;
}

export interface ChangeSet {
  readonly changes: readonly Change[];
  /** True when a field differs that never changes: nothing of the plan is then carried out. */
  readonly refused: boolean;
  readonly restart: boolean;
}

/** Compares field by field; values are JSON. */
export function changesBetween(fields: readonly PlannedField[]): ChangeSet {
  const changes = fields
    .filter(({ from, to }) => !sameJson(from, to))
    .map((field) => ({ ...field, note: noteOf(field) }));
  return {
    changes,
    refused: changes.some(({ change }) => change === "never"),
    restart: changes.some(({ effect }) => effect === "restart"),
  };
}

/** Of a field that no rollup can ever change. */
export const FIXED_NOTE =
  "Fixed when the rollup was created: every node derives the chain from it. A new rollup can have another value.";

function noteOf({ change, effect }: PlannedField): string {
  if (change === "never") return FIXED_NOTE;
  if (effect === "signature") {
    return "Only the owner can make this true, by a transaction on the settlement network. Until it is signed the old value holds.";
  }
  if (effect === "restart")
    return "The node restarts: about a second without new blocks, which are made up afterwards.";
  return "Takes effect at once.";
}

function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => sameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}
