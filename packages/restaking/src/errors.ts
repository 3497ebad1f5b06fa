/** What can go wrong while deploying, with stable numbers. Permanent: the same call fails again. */
export const RESTAKING_ERRORS = {
  NO_ACCOUNT: 9001,
  TRANSACTION_REVERTED: 9002,
  EVENT_MISSING: 9003,
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
