import type { RawJson } from "@altlayer/engine";
import type { z } from "zod";
import { invalidParams } from "../errors.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { describeIssue } from "./issues.ts";

/** A connection that can take notifications (WebSocket). Absent for HTTP requests. */
export interface Notifier {
  /** Sends a ready JSON text; resolves nothing, since a slow client is cut off by its buffer's limit. */
  send(text: string): void;
  /** Runs when the connection ends. Returns how to withdraw the callback. */
  onClose(callback: () => void): () => void;
  /** Subscriptions by id, with how to end them. */
  readonly subscriptions: Map<string, () => void>;
}

export interface CallContext {
  readonly notifier?: Notifier;
  /** What all clients together may make the server hold. */
  readonly budget?: ByteBudget;
  /** The client does not mind a chain that rests (`QUIET_HEADER`). */
  readonly quiet?: boolean;
  /** Whether the client is gone: what it asked for need not be answered any more. */
  readonly isGone?: () => boolean;
}

/** One JSON-RPC method: its parameters, and a handler that returns the result as JSON text. */
export interface RpcMethod {
  readonly name: string;
  invoke(params: unknown, context: CallContext): Promise<RawJson>;
  /** Neighbouring calls of one batch together, where that is cheaper: an outcome for each, in their order. */
  readonly invokeMany?: ((params: readonly unknown[]) => Promise<readonly Outcome[]>) | undefined;
}

/** The result of one of many calls as JSON text, or what it would have thrown alone. */
export type Outcome = { readonly result: RawJson } | { readonly error: unknown };

type Arguments<P extends readonly z.ZodType[]> = {
  -readonly [K in keyof P]: z.output<P[K]>;
};

/**
 * Declares a method. Optional parameters are those whose schema accepts `undefined`; `null` counts as absent, as
 * in go-ethereum's `parsePositionalArguments`.
 */
export function defineMethod<const P extends readonly z.ZodType[]>(definition: {
  readonly name: string;
  readonly params: P;
  readonly run: (args: Arguments<P>, context: CallContext) => Promise<RawJson> | RawJson;
  readonly runMany?: ((calls: readonly Arguments<P>[]) => Promise<readonly Outcome[]>) | undefined;
}): RpcMethod {
  const { name, params, run, runMany } = definition;
  const optional = params.map((schema) => schema.safeParse(undefined).success);
  const parse = (given: unknown) => parseArguments(params, optional, given) as Arguments<P>;
  return {
    name,
    async invoke(given, context) {
      return run(parse(given), context);
    },
    invokeMany: runMany && ((given) => runParsed(given, parse, runMany)),
  };
}

/** Runs the calls whose arguments parse; the others' outcome is why theirs do not. */
async function runParsed<A>(
  given: readonly unknown[],
  parse: (given: unknown) => A,
  runMany: (calls: readonly A[]) => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  const calls: A[] = [];
  const failed = new Map<number, Outcome>();
  for (const [index, each] of given.entries()) {
    try {
      calls.push(parse(each));
    } catch (error) {
      failed.set(index, { error });
    }
  }
  const outcomes = calls.length === 0 ? [] : await runMany(calls);
  if (failed.size === 0) return outcomes;
  let next = 0;
  return given.map((_, index) => failed.get(index) ?? (outcomes[next++] as Outcome));
}

function parseArguments(schemas: readonly z.ZodType[], optional: readonly boolean[], given: unknown): unknown[] {
  if (given !== undefined && given !== null && !Array.isArray(given)) throw invalidParams("non-array args");
  const values: readonly unknown[] = given ?? [];
  if (values.length > schemas.length) throw invalidParams(`too many arguments, want at most ${schemas.length}`);
  return schemas.map((schema, index) => {
    const value = values[index] ?? undefined;
    if (value === undefined) {
      if (!optional[index]) throw invalidParams(`missing value for required argument ${index}`);
      return undefined;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw invalidParams(`invalid argument ${index}: ${describeIssue(parsed.error)}`);
  });
}

export const json = (value: unknown): RawJson => JSON.stringify(value ?? null);
/** A JSON string that needs no escaping (hex, decimal digits). */
export const plain = (value: string): RawJson => `"${value}"`;
export const quantity = (value: number | bigint): RawJson => `"0x${value.toString(16)}"`;
