import type { ChangeBy, ChangeEffect, Spec } from "../api/types.ts";

/** What a person must know to choose; the spec's schema carries it beside each field. */
export interface FieldNotes {
  readonly cost: string;
  readonly trust: string;
  readonly change: ChangeBy;
  readonly effect: ChangeEffect;
  readonly group: string;
  readonly order: number;
  readonly unit?: string;
  readonly advanced?: boolean;
}

/** The part of JSON Schema (draft 2020-12) that the spec's schema uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly "x-altlayer"?: Partial<FieldNotes>;
}

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly spec: Spec;
}

/** `GET /schema`. */
export interface SpecSchema {
  readonly jsonSchema: JsonSchema;
  readonly example: Spec;
  readonly presets: readonly Preset[];
}

export interface Leaf {
  readonly path: string;
  readonly title: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly notes: Partial<FieldNotes>;
}

export interface Group {
  readonly id: string;
  readonly title: string;
  readonly leaves: readonly Leaf[];
}

const DEPTH_MAX = 12;

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.replace(/^#\/\$defs\//, "");
  const target = name === undefined ? undefined : root.$defs?.[name];
  return target === undefined ? schema : { ...target, ...schema };
}

const join = (path: string, name: string) => (path === "" ? name : `${path}.${name}`);

/** Every field of the schema, an array or a record being one, in the schema's own order. */
export function leavesOf(root: JsonSchema): readonly Leaf[] {
  const walk = (given: JsonSchema, path: string, required: boolean, depth: number): readonly Leaf[] => {
    const schema = resolve(given, root);
    if (schema.properties === undefined || depth > DEPTH_MAX) {
      const notes = schema["x-altlayer"] ?? {};
      return [{ path, title: schema.title ?? path.split(".").at(-1) ?? path, schema, required, notes }];
    }
    return Object.entries(schema.properties).flatMap(([name, child]) =>
      walk(child, join(path, name), schema.required?.includes(name) ?? false, depth + 1),
    );
  };
  return walk(root, "", true, 0);
}

/** "dataAvailability" -> "Data availability": for groups, whose names are ids. */
const wordsOf = (id: string): string => {
  const spaced = id.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

/** The wizard's steps: fields by group, groups in the order of their first field. */
export function groupsOf(root: JsonSchema): readonly Group[] {
  const groups = new Map<string, Leaf[]>();
  for (const leaf of leavesOf(root)) {
    const id = leaf.notes.group ?? "other";
    const held = groups.get(id);
    if (held === undefined) groups.set(id, [leaf]);
    else held.push(leaf);
  }
  return [...groups].map(([id, leaves]) => ({ id, title: wordsOf(id), leaves }));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function valueAt(spec: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), spec);
}

/** A copy of `spec` with `value` at `path`; `undefined` takes the field out. */
export function withValue(spec: Spec, path: string, value: unknown): Spec {
  const [key = "", ...rest] = path.split(".");
  const child = spec[key];
  const next = rest.length === 0 ? value : withValue(isRecord(child) ? child : {}, rest.join("."), value);
  if (next !== undefined) return { ...spec, [key]: next };
  const { [key]: _removed, ...others } = spec;
  return others;
}
