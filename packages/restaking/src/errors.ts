/** What can go wrong, with stable numbers. */
export const RESTAKING_ERRORS = {
  NO_ACCOUNT: 9001,
  TRANSACTION_REVERTED: 9002,
  EVENT_MISSING: 9003,
  /** A development deployment's record fits neither the options nor this L1. */
  RECORD_MISMATCH: 9004,
  /** A file of a service does not parse. */
  SERVICE_FILE_INVALID: 9005,
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
