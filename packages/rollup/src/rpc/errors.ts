import type { Hex } from "@altlayer/engine";

/**
 * JSON-RPC errors with the codes and messages that wallets and libraries match on (go-ethereum's `rpc/errors.go`,
 * the Engine API's `common.md`). Codes are values of the interface, not implementation detail.
 */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(fields: {
    readonly code: number;
    readonly message: string;
    readonly data?: unknown;
  }) {
    super(fields.message);
    this.name = "RpcError";
    this.code = fields.code;
    this.data = fields.data;
  }
}

export const parseError = () => new RpcError({ code: -32700, message: "parse error" });
export const invalidRequest = (message = "invalid request") => new RpcError({ code: -32600, message });
export const methodNotFound = (method: string) =>
  new RpcError({
    code: -32601,
    message: `the method ${method} does not exist/is not available`,
  });
export const subscriptionNotFound = (name: string) =>
  new RpcError({
    code: -32601,
    message: `no "${name}" subscription in eth namespace`,
  });
export const notificationsUnsupported = () => new RpcError({ code: -32601, message: "notifications not supported" });
export const invalidParams = (message: string) => new RpcError({ code: -32602, message });
export const internalError = (message: string) => new RpcError({ code: -32603, message });
export const serverError = (message: string, data?: unknown) => new RpcError({ code: -32000, message, data });
export const responseTooLarge = () => new RpcError({ code: -32003, message: "response too large" });
/** Infura's and Alchemy's code for exceeded limits, which libraries know. */
export const limitExceeded = (message: string) => new RpcError({ code: -32005, message });
export const filterNotFound = () => serverError("filter not found");

/** EIP-7966: the transaction is pooled, but no block held it in time; `data` is its hash. */
export const transactionTimeout = (fields: { readonly hash: Hex; readonly timeoutMs: number }) =>
  new RpcError({
    code: 4,
    message: `The transaction was added to the transaction pool but wasn't processed in ${fields.timeoutMs / 1000}s.`,
    data: fields.hash,
  });

/** Engine API codes (execution-apis, src/engine/common.md, "Errors"). */
export const unknownPayload = () => new RpcError({ code: -38001, message: "Unknown payload" });
export const invalidForkchoiceState = (reason?: string) =>
  new RpcError({
    code: -38002,
    message: "Invalid forkchoice state",
    data: reason === undefined ? undefined : { err: reason },
  });
export const invalidPayloadAttributes = (reason: string) =>
  new RpcError({
    code: -38003,
    message: "Invalid payload attributes",
    data: { err: reason },
  });
export const tooLargeRequest = () => new RpcError({ code: -38004, message: "Too large request" });
export const unsupportedFork = (reason: string) =>
  new RpcError({
    code: -38005,
    message: "Unsupported fork",
    data: { err: reason },
  });

/** The code of an error of the engine's own interface (`EngineError`), if it is one. */
export function engineErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" ? code : undefined;
}

/** What goes on the wire for any thrown value. Foreign errors keep no text: it could carry what a client must not see. */
export function toWireError(error: unknown): {
  code: number;
  message: string;
  data?: unknown;
} {
  if (error instanceof RpcError || isCoded(error)) {
    return error.data === undefined
      ? { code: error.code, message: error.message }
      : { code: error.code, message: error.message, data: error.data };
  }
  if (engineErrorCode(error) === "ENGINE_BUSY")
    return { code: -32005, message: "too many requests are waiting, try again" };
  return { code: -32603, message: "internal error" };
}

/** Errors of the engine come with a numeric JSON-RPC code, a message and perhaps data; matched by shape, not by class. */
function isCoded(error: unknown): error is { code: number; message: string; data?: unknown } {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "number" && Number.isInteger(code);
}
