/**
 * How a caller reacts: `temporary` is retried, `reset` re-derives from an earlier point, `critical` stops the part
 * that threw, and `permanent` says that the same request will never succeed.
 */
export type Severity = "temporary" | "reset" | "critical" | "permanent";

export type RollupErrorCode =
  | "L1_UNREACHABLE"
  | "L1_TIMEOUT"
  | "L1_HTTP_STATUS"
  | "L1_RATE_LIMITED"
  | "L1_RESPONSE_TOO_LARGE"
  | "L1_RPC_ERROR"
  | "L1_SCHEMA"
  | "L1_LIED"
  | "L1_BLOCK_NOT_FOUND"
  | "L1_REORG"
  | "L1_WRONG_CHAIN"
  | "L1_UNSUPPORTED_TRANSACTION"
  | "BLOB_NOT_FOUND"
  | "BLOB_INVALID"
  | "BEACON_UNREACHABLE"
  | "KEY_UNAVAILABLE"
  | "KEY_INVALID"
  | "TX_STORE_CORRUPT"
  | "TX_FAILED"
  | "TX_GAVE_UP"
  | "ENGINE_INVALID_PAYLOAD"
  | "ENGINE_SYNCING"
  | "ENGINE_API"
  | "DERIVATION_RESET"
  | "DERIVATION_DIVERGED"
  | "SAFE_HEAD_STORE"
  | "SEQUENCER_STOPPED"
  | "SEQUENCER_LEASED"
  | "SEQUENCER_STALLED"
  | "SEQUENCER_CONFLICT"
  | "BATCHER_STALLED"
  | "PROPOSER_FAILED"
  | "SNAPSHOT_UNAVAILABLE"
  | "SNAPSHOT_REFUTED"
  | "SNAPSHOT_RECORD"
  | "ADMIN_UNREACHABLE"
  | "ADMIN_REFUSED"
  | "MACH_UNKNOWN_BLOCK"
  | "MACH_HISTORY"
  | "CONFIG_INVALID"
  | "FORK_SCHEDULE_CONFLICT"
  | "DATA_FORMAT_NEWER"
  | "CLOSED";

/** Every error that leaves a room of this package. Callers branch on `code` and `severity`, never on the message. */
export class RollupError extends Error {
  override readonly name = "RollupError";
  readonly code: RollupErrorCode;
  readonly severity: Severity;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: RollupErrorCode,
    message: string,
    details: {
      readonly severity: Severity;
      readonly data?: Readonly<Record<string, unknown>>;
      readonly cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.severity = details.severity;
    this.data = details.data ?? {};
  }
}

/** The severity of anything thrown: what we do not know is retried, since a bug that stops the node helps nobody. */
export function severityOf(error: unknown): Severity {
  return error instanceof RollupError ? error.severity : "temporary";
}

/** Whether an error only says that the node is being closed. */
export function isClosed(error: unknown): boolean {
  return error instanceof RollupError && error.code === "CLOSED";
}

/**
 * A one-line account of anything thrown, for a log field. Of other libraries' messages the first line: viem goes on with
 * the URL that was asked, which may hold a provider's key, and with the whole request.
 */
export function describeError(error: unknown): string {
  if (error instanceof RollupError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
}
