import type { z } from "zod";

/** Who can change a field once the rollup runs: the platform, only the owner by a signed L1 transaction, or nobody. */
export type ChangedBy = "us" | "owner" | "never";
/** What a change does: nothing to notice, a restart of the node, a wait for the owner's signature, or it is refused. */
export type Effect = "live" | "restart" | "signature" | "none";

/** The steps of the wizard, in order. */
const GROUPS = ["basics", "execution", "data", "settlement", "genesis", "services", "owners", "operation"] as const;
export type Group = (typeof GROUPS)[number];

/** What a person who chooses must know of a field. Sentences, shown as they are. */
export interface FieldNotes {
  readonly title: string;
  readonly description: string;
  readonly cost: string;
  /** Whom the choice makes users trust, and with what. */
  readonly trust: string;
  readonly change: ChangedBy;
  readonly effect: Effect;
  readonly group: Group;
  readonly unit?: string;
  readonly advanced?: true;
}

let order = 0;

/** Attaches the notes to a schema; they come out of its JSON Schema as title, description and `x-altlayer`. */
export function field<S extends z.ZodType>(schema: S, { title, description, ...notes }: FieldNotes): S {
  return schema.meta({ title, description, "x-altlayer": { ...notes, order: order++ } }) as S;
}
