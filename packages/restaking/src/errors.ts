/** What can go wrong, with stable numbers. 9006, 9008 and 9011 were of calls, whose errors are the SDK's. */
export const RESTAKING_ERRORS = {
  NO_ACCOUNT: 9001,
  TRANSACTION_REVERTED: 9002,
  EVENT_MISSING: 9003,
  /** A development deployment's record fits neither the options nor this L1. */
  RECORD_MISMATCH: 9004,
  /** A file of a service does not parse. */
  SERVICE_FILE_INVALID: 9005,
  /** What is given contradicts itself. */
  CONFLICT: 9007,
  /** There is no such thing on this L1. */
  NOT_FOUND: 9009,
  /** The rollup has forks or a form that the engine does not execute. */
  ROLLUP_UNSUPPORTED: 9010,
} as const;

export type RestakingErrorCode = keyof typeof RESTAKING_ERRORS;

export class RestakingError extends Error {
  override readonly name = "RestakingError";
  readonly code: RestakingErrorCode;
  readonly number: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: RestakingErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.number = RESTAKING_ERRORS[code];
    this.details = details;
  }
}
