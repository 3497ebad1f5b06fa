import { z } from "zod";
import { RaasError } from "./errors.ts";
import { jsonOf, type PostOptions, postJson } from "./networks.ts";

export type Call = readonly [method: string, params: readonly unknown[]];

/** What a call came to. */
export interface Outcome {
  /** Null where there is an error, or nothing. */
  readonly result: unknown;
  readonly error?: { readonly code: number; readonly message: string } | undefined;
}

const answersSchema = z.array(
  z.object({
    id: z.union([z.number(), z.string(), z.null()]),
    result: z.unknown().optional(),
    error: z.object({ code: z.number(), message: z.string() }).optional(),
  }),
);

/** Outcomes of a batch in the order of the calls. @throws RaasError `UPSTREAM` */
export async function rpcOutcomes(
  url: string,
  calls: readonly Call[],
  options: PostOptions = {},
): Promise<readonly Outcome[]> {
  const body = JSON.stringify(calls.map(([method, params], id) => ({ jsonrpc: "2.0", id, method, params })));
  const answers = answersSchema.safeParse(jsonOf(await postJson(url, body, options)));
  if (!answers.success) throw new RaasError("UPSTREAM", "the node did not answer a batch");
  const outcomes = new Map(answers.data.map(({ id, result, error }) => [id, { result: result ?? null, error }]));
  return calls.map((_, id) => outcomes.get(id) ?? { result: null });
}

/** Results of a batch in the order of the calls; null for one that failed. @throws RaasError `UPSTREAM` */
export async function rpcBatch(
  url: string,
  calls: readonly Call[],
  options: PostOptions = {},
): Promise<readonly unknown[]> {
  return (await rpcOutcomes(url, calls, options)).map(({ result }) => result);
}
