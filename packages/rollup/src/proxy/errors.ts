import { RpcError } from "../rpc/errors.ts";

/** Why the proxy does not answer; `data.code` of the JSON-RPC error. Stable. */
export const PROXY_ERRORS = {
  /** No certificate has been verified since the start: nothing is known to be final. */
  NO_CERTIFICATE: 11_001,
  /** A block under a verified certificate is no more, was voided, or is held back: nothing is answered for it. */
  TRIPPED: 11_002,
  /** Operators of more than a third of the weight signed alerts against the block that is asked for. */
  HELD_BACK: 11_003,
  /** The block that is asked for is not final yet. */
  NOT_CERTIFIED: 11_004,
  /** The upstream's chain moved while it answered: ask again. */
  UPSTREAM_MOVED: 11_005,
  /** What the upstream gave is not what was asked for. */
  UPSTREAM_LIED: 11_006,
  UPSTREAM_UNREACHABLE: 11_007,
  /** The method is not in the proxy's table, so that it cannot be pinned. */
  METHOD_NOT_PINNED: 11_008,
  /** A filter or subscription ended: it fell behind, or the chain under it was replaced. */
  ENDED: 11_009,
  /** Too many requests wait for the upstream: ask again. */
  BUSY: 11_010,
} as const;
export type ProxyErrorCode = keyof typeof PROXY_ERRORS;

/** EIP-1474's "resource unavailable"; a method that is not offered gets its own code, which libraries know. */
const RESOURCE_UNAVAILABLE = -32002;
const METHOD_NOT_FOUND = -32601;

export function proxyError(
  code: ProxyErrorCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): RpcError {
  const wire = code === "METHOD_NOT_PINNED" ? METHOD_NOT_FOUND : RESOURCE_UNAVAILABLE;
  return new RpcError({ code: wire, message, data: { code, number: PROXY_ERRORS[code], ...details } });
}
