import { parseDocument } from "yaml";
import { z } from "zod";
import { RaasError } from "../errors.ts";
import type { RollupSpec } from "./rollup-spec.ts";
import { rollupSpecSchema } from "./rollup-spec.ts";

/** A spec with every genesis contract at its largest would still be far below this. */
export const SPEC_MAX_BYTES = 1_048_576;

export interface SpecProblem {
  readonly path: string;
  readonly message: string;
}

/** @throws RaasError `SPEC_INVALID` with one problem for each field at fault (`details.problems`). */
export function parseSpec(input: unknown): RollupSpec {
  const result = rollupSpecSchema.safeParse(input);
  if (result.success) return result.data;
  throw invalid(result.error.issues.map(({ path, message }) => ({ path: path.join("."), message })));
}

/**
 * Reads a spec from YAML 1.2 (of which JSON is a part). Aliases are refused, since a small file can unfold to a huge one.
 * @throws RaasError `SPEC_INVALID`
 */
export function parseSpecYaml(text: string): RollupSpec {
  if (Buffer.byteLength(text) > SPEC_MAX_BYTES) {
    throw invalid([{ path: "", message: `is larger than ${SPEC_MAX_BYTES} bytes` }]);
  }
  const document = parseDocument(text, { prettyErrors: true, intAsBigInt: false });
  const [error] = document.errors;
  if (error !== undefined) throw invalid([{ path: "", message: error.message.split("\n")[0] ?? "is not YAML" }]);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    throw invalid([{ path: "", message: "aliases (*name) are not allowed" }]);
  }
  return parseSpec(value);
}

export function invalid(problems: readonly SpecProblem[]): RaasError {
  const lines = problems.map(({ path, message }) => `${path || "the document"}: ${message}`);
  return new RaasError("SPEC_INVALID", `the spec is not valid:\n${lines.join("\n")}`, { details: { problems } });
}

export type JsonSchema = Readonly<Record<string, unknown>>;

let schema: JsonSchema | undefined;

/** JSON Schema (draft 2020-12) of the spec, with `x-altlayer` notes at every field. */
export function specJsonSchema(): JsonSchema {
  schema ??= z.toJSONSchema(rollupSpecSchema, { io: "input", target: "draft-2020-12" }) as JsonSchema;
  return schema;
}
