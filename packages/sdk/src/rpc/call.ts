import type { Account, Chain, Client, Transport } from "viem";
import type { z } from "zod";
import { SdkError } from "../errors.ts";

/** Any viem client: public, wallet or test. */
export type AnyClient = Client<Transport, Chain | undefined, Account | undefined>;

/**
 * One request, its answer parsed.
 * @throws SdkError `MALFORMED_ANSWER`; viem's errors where the node refuses or is not there
 */
export async function call<T extends z.ZodType>(
  client: AnyClient,
  { method, params, schema }: { readonly method: string; readonly params: readonly unknown[]; readonly schema: T },
): Promise<z.output<T>> {
  const request = client.request as unknown as (args: {
    method: string;
    params: readonly unknown[];
  }) => Promise<unknown>;
  return parse(schema, await request({ method, params }), method);
}

export function parse<T extends z.ZodType>(schema: T, value: unknown, method: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SdkError("MALFORMED_ANSWER", `the answer to ${method} has not the promised shape: ${issue?.message}`, {
    method,
    path: issue?.path.join(".") ?? "",
  });
}
