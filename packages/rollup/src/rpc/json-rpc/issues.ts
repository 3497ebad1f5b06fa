import { z } from "zod";

/**
 * Messages of parameters that do not decode, in the words of go-ethereum's `encoding/json` and `hexutil`, because
 * client libraries and their tests look for them.
 */
export interface DecodeFailure {
  /** What was found, for example "hex string without 0x prefix". */
  readonly reason: string;
  /** The Go type that it should have been; absent when `reason` is the whole message. */
  readonly goType?: string;
}

/** A zod schema from a decoder that returns a value or a failure. */
export function decoded<T>(decode: (value: unknown) => { readonly value: T } | DecodeFailure): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const result = decode(value);
    if ("value" in result) return result.value;
    context.issues.push({
      code: "custom",
      input: value,
      message: result.reason,
      params: { goType: result.goType },
    });
    return z.NEVER;
  });
}

export function describeIssue(error: z.ZodError): string {
  let issue = error.issues[0];
  const path = [...(issue?.path ?? [])];
  while (issue?.code === "invalid_union") {
    issue = issue.errors.flat()[0];
    path.push(...(issue?.path ?? []));
  }
  if (issue === undefined) return "json: cannot unmarshal value";
  if (issue.code === "custom") {
    const goType: unknown = issue.params?.goType;
    if (typeof goType !== "string") return issue.message;
    return path.length === 0
      ? `json: cannot unmarshal ${issue.message} into Go value of type ${goType}`
      : `json: cannot unmarshal ${issue.message} into Go struct field .${path.join(".")} of type ${goType}`;
  }
  return path.length === 0 || issue.code !== "invalid_type" ? issue.message : `${issue.message} (at ${path.join(".")})`;
}

/** How encoding/json names the kind of a JSON value. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}
