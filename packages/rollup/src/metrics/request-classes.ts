import type { Histogram } from "prom-client";
import type { RequestObserver, RequestOutcome } from "../rpc/json-rpc/handler.ts";

/** By what a request costs and whom it concerns; the first prefix that fits counts. */
const CLASSES: readonly (readonly [prefix: string, name: string])[] = [
  ["eth_send", "send"],
  ["eth_call", "call"],
  ["eth_estimateGas", "call"],
  ["eth_createAccessList", "call"],
  ["eth_simulate", "call"],
  ["eth_getLogs", "logs"],
  ["eth_getFilter", "logs"],
  ["eth_newFilter", "logs"],
  ["eth_subscribe", "subscribe"],
  ["eth_unsubscribe", "subscribe"],
  ["eth_getProof", "proof"],
  ["eth_", "read"],
  ["debug_", "debug"],
  ["txpool_", "txpool"],
  ["engine_", "engine"],
  ["optimism_", "optimism"],
  ["net_", "node"],
  ["web3_", "node"],
  ["admin_", "node"],
];

function classOf(method: string | null): string {
  if (method === null) return "unknown";
  return CLASSES.find(([prefix]) => method.startsWith(prefix))?.[1] ?? "other";
}

/** Times requests. A method's class is looked up once, and its label set is bound once: what is left is an addition. */
export function requestObserver(duration: Histogram): RequestObserver {
  // Methods are known ones or null: the maps stay small whatever clients send.
  const bound = new Map<string | null, Map<RequestOutcome, { observe(seconds: number): void }>>();
  const bind = (method: string | null, outcome: RequestOutcome) => {
    const child = duration.labels({ class: classOf(method), outcome });
    bound.set(method, (bound.get(method) ?? new Map()).set(outcome, child));
    return child;
  };
  return ({ method, outcome, seconds }) => {
    (bound.get(method)?.get(outcome) ?? bind(method, outcome)).observe(seconds);
  };
}
