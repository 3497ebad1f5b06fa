import { z } from "zod";

/** Limits of the JSON-RPC servers. Every limit is answered by a typed error or a visible close, never by silence (S13). */
export interface RpcLimits {
  /** Requests in one batch. */
  readonly batchRequests: number;
  /** Batches of all clients that are answered at a time; more are refused, so that single requests are not. */
  readonly batches: number;
  /** Bytes of a request body or of a WebSocket message. */
  readonly bodyBytes: number;
  /** Bytes of all results in one response. */
  readonly responseBytes: number;
  /** Nesting of arrays and objects in a request. */
  readonly depth: number;
  /** Requests of one connection that run at a time; further ones wait (HTTP: the batch; WebSocket: the socket is paused). */
  readonly concurrentRequests: number;
  /** Unsent bytes after which a WebSocket client is disconnected. */
  readonly socketBufferBytes: number;
  readonly subscriptionsPerConnection: number;
  readonly connections: number;
  /** Bytes of requests under way and of unread answers, of all clients together, beyond 64 KiB each; who needs more is refused. */
  readonly bufferedBytes: number;
  /** How long a client may read nothing of an answer that waits for it. */
  readonly stalledResponseMs: number;
  /** Subscriptions over all connections. */
  readonly subscriptions: number;
  /** Installed filters over all clients. */
  readonly filters: number;
  /** Filters that nobody polls for so long are removed. */
  readonly filterExpiryMs: number;
  /** Results kept for a filter between two polls; more make the next poll fail once with a typed error. */
  readonly filterResults: number;
  /** The same over all filters. */
  readonly filterResultsTotal: number;
  /** Addresses, and alternatives per topic, of one log filter. */
  readonly filterCriteria: number;
  /** Default and longest wait of eth_sendRawTransactionSync. */
  readonly sendSyncDefaultMs: number;
  readonly sendSyncMaxMs: number;
  /** Transactions handed to the engine at a time. */
  readonly submitBatch: number;
  /** Transactions that wait for the engine's answer; more are refused. */
  readonly submitQueue: number;
  /** How long a client may take to send a request. */
  readonly requestTimeoutMs: number;
  readonly keepAliveMs: number;
}

export const defaultLimits: RpcLimits = {
  batchRequests: 1_000,
  batches: 256,
  bodyBytes: 5 * 1024 * 1024,
  responseBytes: 25 * 1000 * 1000,
  depth: 64,
  concurrentRequests: 128,
  socketBufferBytes: 16 * 1024 * 1024,
  subscriptionsPerConnection: 256,
  connections: 10_000,
  bufferedBytes: 256 * 1024 * 1024,
  stalledResponseMs: 30_000,
  subscriptions: 10_000,
  filters: 10_000,
  filterExpiryMs: 5 * 60 * 1000,
  filterResults: 10_000,
  filterResultsTotal: 1_000_000,
  filterCriteria: 1_000,
  sendSyncDefaultMs: 20_000,
  sendSyncMaxMs: 60_000,
  submitBatch: 100,
  submitQueue: 100_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 120_000,
};

/** The limits as a part of a configuration file: each may be given, the others keep their default. */
export const rpcLimitsSchema: z.ZodType<Partial<RpcLimits>> = z.strictObject(
  Object.fromEntries(Object.keys(defaultLimits).map((name) => [name, z.number().int().min(1).optional()])),
);

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Host names accepted in the `Host` header besides IP addresses; `*` accepts all. Stops DNS rebinding. */
  readonly virtualHosts: readonly string[];
  /** Origins that browsers may call from; `*` allows all, none sends no CORS headers. */
  readonly corsOrigins: readonly string[];
}

export const defaultListen: ListenOptions = {
  host: "127.0.0.1",
  port: 0,
  virtualHosts: ["localhost"],
  corsOrigins: ["*"],
};
