import fc from "fast-check";

/** As much of JSON Schema as the API's bodies use. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

const STRING_MAX = 200;
/** One value in so many is anything at all. */
const WRONG = 6;
/** No call leaves this machine, and nothing listens there. */
const TEXTS = ["", "..", "%00", "https://127.0.0.1:9/x", "0x", `0x${"00".repeat(20)}`, "a".repeat(STRING_MAX)];

/**
 * Values that a schema takes, or nearly: most parts have the right shape, so that they get past the outer checks, and some
 * have any other.
 */
export function nearly(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: WRONG, arbitrary: right(schema) }, { weight: 1, arbitrary: fc.jsonValue() });
}

function right(schema: JsonSchema): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(nearly));
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "object": {
      const properties = Object.entries(schema.properties ?? {}).map(([name, of]) => [name, nearly(of)] as const);
      return fc.record(Object.fromEntries(properties), { requiredKeys: properties.slice(0, -1).map(([name]) => name) });
    }
    case "array":
      return fc.array(nearly(schema.items ?? {}), { maxLength: 3 });
    case "string":
      return text(schema);
    case "integer":
    case "number":
      return fc.integer({ min: schema.minimum ?? -1, max: Math.min(schema.maximum ?? 1_000, 2 ** 31 - 1) });
    case "boolean":
      return fc.boolean();
    default:
      return fc.jsonValue();
  }
}

function text({ pattern, maxLength = STRING_MAX }: JsonSchema): fc.Arbitrary<string> {
  const any = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ maxLength: Math.min(maxLength, STRING_MAX) }));
  if (pattern === undefined) return any;
  try {
    return fc.oneof(fc.stringMatching(new RegExp(pattern)), any);
  } catch {
    // A pattern of a form that cannot be turned around.
    return any;
  }
}
