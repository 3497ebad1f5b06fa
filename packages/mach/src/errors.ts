/** Registry of this package's errors: what the caller does about them, as in @altlayer/protocol. */
export const MACH_ERRORS = {
  JOURNAL_EXISTS: "critical",
  JOURNAL_MISSING: "critical",
  JOURNAL_LOCKED: "critical",
  JOURNAL_FOREIGN: "critical",
  JOURNAL_CORRUPT: "critical",
  JOURNAL_CLOSED: "critical",
  KEYSTORE_EXISTS: "critical",
  KEYSTORE_MALFORMED: "critical",
  KEYSTORE_PASSWORD: "critical",
} as const;

export type MachErrorCode = keyof typeof MACH_ERRORS;

export class MachError extends Error {
  override readonly name = "MachError";
  readonly code: MachErrorCode;
  readonly severity: (typeof MACH_ERRORS)[MachErrorCode];
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: MachErrorCode, message: string, details: Readonly<Record<string, string | number>> = {}) {
    super(message);
    this.code = code;
    this.severity = MACH_ERRORS[code];
    this.details = details;
  }
}
