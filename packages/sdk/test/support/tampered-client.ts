import { type Client, createClient, custom, type EIP1193RequestFn } from "viem";
import type { AnyClient } from "../../src/index.ts";

/** A client whose answers from a real one go through `change` first. */
export function tamperedClient(real: AnyClient, change: (method: string, answer: unknown) => unknown): Client {
  const request = real.request as unknown as (args: { method: string; params: unknown }) => Promise<unknown>;
  const provider = {
    request: (async ({ method, params }: { method: string; params: unknown }) =>
      change(method, await request({ method, params }))) as EIP1193RequestFn,
  };
  return createClient({ transport: custom(provider, { retryCount: 0 }) });
}
