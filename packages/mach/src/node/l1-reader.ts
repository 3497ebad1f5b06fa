import { createPublicClient, custom, type PublicClient } from "viem";

/** JSON-RPC of an L1 node: a rollup node's client fits. Rejects where the node answers with an error. */
export interface L1Reader {
  request(method: string, params: readonly unknown[]): Promise<unknown>;
}

/** viem's actions over the reader. Retries are the reader's, or the next L1 block's. */
export function publicClientOf(l1: L1Reader): PublicClient {
  return createPublicClient({
    transport: custom(
      {
        request: ({ method, params }: { method: string; params?: unknown }) =>
          l1.request(method, Array.isArray(params) ? params : []),
      },
      { retryCount: 0 },
    ),
  }) as PublicClient;
}
