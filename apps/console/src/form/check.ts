import type { Spec } from "../api/types.ts";
import type { JsonSchema, Leaf } from "./schema.ts";
import { valueAt } from "./schema.ts";

const ADDRESS_PATTERN = "0x[0-9a-fA-F]{40}";

/**
 * What is wrong with a value, as a sentence; undefined when nothing is. A courtesy before the control plane's own check,
 * which has the last word.
 */
export function problemOf(schema: JsonSchema, value: unknown, required: boolean): string | undefined {
  if (value === undefined || value === "") {
    return required && schema.default === undefined ? "This is needed." : undefined;
  }
  switch (schema.type) {
    case "integer":
    case "number":
      return numberProblem(schema, value);
    case "string":
      return textProblem(schema, value);
    case "array":
      return listProblem(schema, value);
    default:
      return undefined;
  }
}

function numberProblem(schema: JsonSchema, value: unknown): string | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return "Enter a number.";
  if (schema.type === "integer" && !Number.isSafeInteger(value)) return "Enter a whole number.";
  const { minimum, maximum } = schema;
  const text = (limit: number) => limit.toLocaleString("en-US");
  if (minimum !== undefined && value < minimum) return `At least ${text(minimum)}.`;
  if (maximum !== undefined && value > maximum) return `At most ${text(maximum)}.`;
  return undefined;
}

function textProblem(schema: JsonSchema, value: unknown): string | undefined {
  if (typeof value !== "string") return "Enter text.";
  if (schema.enum !== undefined && !schema.enum.includes(value)) return "Choose one of the options.";
  if (schema.minLength !== undefined && value.length < schema.minLength)
    return `At least ${schema.minLength} characters.`;
  if (schema.maxLength !== undefined && value.length > schema.maxLength)
    return `At most ${schema.maxLength} characters.`;
  if (schema.pattern === undefined || new RegExp(schema.pattern).test(value)) return undefined;
  if (schema.pattern.includes(ADDRESS_PATTERN)) return "An address is 0x and 40 hex digits.";
  if (isWei(schema)) return "Enter an amount of ether, with at most 18 decimals.";
  return `This does not have the right form (${schema.pattern.slice(0, 60)}).`;
}

function listProblem(schema: JsonSchema, value: unknown): string | undefined {
  if (!Array.isArray(value)) return "This must be a list.";
  if (schema.minItems !== undefined && value.length < schema.minItems) return `At least ${schema.minItems} entries.`;
  if (schema.maxItems !== undefined && value.length > schema.maxItems) return `At most ${schema.maxItems} entries.`;
  return undefined;
}

export const isWei = (schema: JsonSchema): boolean => schema["x-altlayer"]?.unit === "wei";

/** Every problem of the spec by path; entries of lists as `genesis.funding.0.address`. */
export function problemsOf(leaves: readonly Leaf[], spec: Spec): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  for (const leaf of leaves) {
    const value = valueAt(spec, leaf.path);
    const problem = problemOf(leaf.schema, value, leaf.required);
    if (problem !== undefined) problems.set(leaf.path, problem);
    const fields = leaf.schema.items?.properties;
    if (fields === undefined || !Array.isArray(value)) continue;
    for (const [index, entry] of value.entries()) {
      for (const [name, schema] of Object.entries(fields)) {
        const needed = leaf.schema.items?.required?.includes(name) ?? false;
        const found = problemOf(schema, valueAt(entry, name), needed);
        if (found !== undefined) problems.set(`${leaf.path}.${index}.${name}`, found);
      }
    }
  }
  return problems;
}
