/**
 * What the caller does about an error: `temporary`: the same call may succeed later; `reset`: what was derived
 * rests on a chain that is no more, start over from the safe head; `critical`: stop, no retry can help.
 */
export type Severity = "temporary" | "reset" | "critical";

/** Registry of this package's errors. Codes are stable; callers branch on code or severity, never on text. */
export const PROTOCOL_ERRORS = {
  MALFORMED_HEX: "critical",
  MALFORMED_RLP: "critical",
  MALFORMED_BYTES: "critical",
  MALFORMED_TRANSACTION: "critical",
  MALFORMED_DEPOSIT: "critical",
  MALFORMED_DEPOSIT_LOG: "critical",
  MALFORMED_CONFIG_LOG: "critical",
  MALFORMED_L1_ATTRIBUTES: "critical",
  MALFORMED_PAYLOAD: "critical",
  MALFORMED_BLOB: "critical",
  MALFORMED_FRAME: "critical",
  MALFORMED_CHANNEL: "critical",
  MALFORMED_BATCH: "critical",
  MALFORMED_MESSAGE: "critical",
  MALFORMED_PROOF: "critical",
  MALFORMED_TABLE: "critical",
  MALFORMED_CERTIFICATE: "critical",
  MALFORMED_REPORT: "critical",
  TOO_LARGE: "critical",
  INVALID_ROLLUP_CONFIG: "critical",
  UNSUPPORTED_SCHEDULE: "critical",
  UNSUPPORTED_TRANSACTION: "critical",
  L1_REORG: "reset",
  L1_ORIGIN_MISMATCH: "reset",
  PARENT_MISMATCH: "reset",
  DEPOSITS_REJECTED: "critical",
  PIPELINE_MISUSE: "critical",
  CHANNEL_FULL: "critical",
} as const satisfies Record<string, Severity>;

export type ProtocolErrorCode = keyof typeof PROTOCOL_ERRORS;
export type ErrorDetails = Readonly<Record<string, string | number | bigint | boolean | null>>;

export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;
  readonly severity: Severity;
  readonly details: ErrorDetails;

  constructor(code: ProtocolErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
    this.severity = PROTOCOL_ERRORS[code];
    this.details = details;
  }
}

export function isProtocolError(error: unknown): error is ProtocolError {
  return error instanceof ProtocolError;
}
