import { QUIET_HEADER } from "@altlayer/rollup";
import { RaasError } from "./errors.ts";
import { postJson } from "./networks.ts";

export type Call = readonly [method: string, params: readonly unknown[]];

/**
 * Results of a batch in the order of the calls; null for one that failed. @throws RaasError `UPSTREAM`
 * @param options.quiet does not wake a rollup that rests: for what looks regularly, which would keep every rollup awake
 */
export async function rpcBatch(
  url: string,
  calls: readonly Call[],
  options: { readonly quiet?: boolean } = {},
): Promise<readonly unknown[]> {
  const body = JSON.stringify(calls.map(([method, params], id) => ({ jsonrpc: "2.0", id, method, params })));
  const answers = JSON.parse(await postJson(url, body, options.quiet ? { [QUIET_HEADER]: "1" } : {})) as readonly {
    id: number;
    result?: unknown;
  }[];
  if (!Array.isArray(answers)) throw new RaasError("UPSTREAM", "the node did not answer a batch");
  const results = new Map(answers.map(({ id, result }) => [id, result ?? null]));
  return calls.map((_, id) => results.get(id) ?? null);
}
