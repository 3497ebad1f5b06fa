/** What can go wrong with contract artifacts, with stable numbers. */
export const CONTRACTS_ERRORS = {
  ARTIFACT_MISSING: 6001,
  COMPILATION_FAILED: 6002,
  CONTRACT_TOO_LARGE: 6003,
  FORGE_MISSING: 6004,
} as const;

export type ContractsErrorCode = keyof typeof CONTRACTS_ERRORS;

/** Permanent: a retry with the same files fails again. */
export class ContractsError extends Error {
  override readonly name = "ContractsError";
  readonly code: ContractsErrorCode;
  readonly number: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ContractsErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.number = CONTRACTS_ERRORS[code];
    this.details = details;
  }
}
