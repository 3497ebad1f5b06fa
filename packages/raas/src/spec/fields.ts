import type { ChangedBy, Effect } from "./field.ts";
import type { JsonSchema } from "./parse.ts";
import { specJsonSchema } from "./parse.ts";

export interface SpecField {
  readonly path: string;
  readonly title: string;
  readonly change: ChangedBy;
  readonly effect: Effect;
}

interface Node extends JsonSchema {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly title?: string;
  readonly "x-altlayer"?: { readonly change?: ChangedBy; readonly effect?: Effect };
}

let table: readonly SpecField[] | undefined;

/** Every field of the spec that a change can name, from the schema's own notes. A list counts as one field. */
export function specFields(): readonly SpecField[] {
  table ??= walk(specJsonSchema() as Node, "");
  return table;
}

function walk(node: Node, path: string): SpecField[] {
  if (node.properties !== undefined) {
    return Object.entries(node.properties).flatMap(([name, child]) =>
      walk(child, path === "" ? name : `${path}.${name}`),
    );
  }
  const notes = node["x-altlayer"];
  // Lists of the genesis carry no notes of their own: like all of the genesis they never change.
  return [{ path, title: node.title ?? path, change: notes?.change ?? "never", effect: notes?.effect ?? "none" }];
}

/** The value at a dotted path; undefined where there is none. */
export function valueAt(spec: unknown, path: string): unknown {
  let value = spec;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
