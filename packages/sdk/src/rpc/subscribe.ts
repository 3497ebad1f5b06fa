import type { AnyClient } from "./call.ts";

type Subscribe = (args: {
  readonly params: readonly unknown[];
  readonly onData: (data: { readonly result?: unknown }) => void;
  readonly onError: (error: unknown) => void;
}) => Promise<{ readonly unsubscribe: () => Promise<unknown> }>;

/**
 * `eth_subscribe` where the transport can (WebSocket); `null` where it cannot, and polling is the way.
 * @returns ends the subscription, also one that is still being made.
 */
export function subscribe(
  client: AnyClient,
  {
    params,
    onData,
    onError,
  }: {
    readonly params: readonly unknown[];
    readonly onData: (result: unknown) => void;
    readonly onError: (error: unknown) => void;
  },
): (() => void) | null {
  const transport = client.transport as unknown as { readonly type: string; readonly subscribe?: Subscribe };
  if (transport.type !== "webSocket" || transport.subscribe === undefined) return null;
  let ended = false;
  let end: (() => void) | null = null;
  transport
    .subscribe({
      params,
      onData: ({ result }) => {
        if (!ended) onData(result);
      },
      onError: (error) => {
        if (!ended) onError(error);
      },
    })
    .then(
      ({ unsubscribe }) => {
        end = () => void unsubscribe().catch(() => {});
        if (ended) end();
      },
      (error: unknown) => {
        if (!ended) onError(error);
      },
    );
  return () => {
    ended = true;
    end?.();
  };
}
