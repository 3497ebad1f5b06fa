/** Registry of this package's errors: what the caller does about them, as in @altlayer/protocol. */
export const MACH_ERRORS = {
  JOURNAL_EXISTS: "critical",
  JOURNAL_MISSING: "critical",
  JOURNAL_LOCKED: "critical",
  JOURNAL_FOREIGN: "critical",
  JOURNAL_CORRUPT: "critical",
  JOURNAL_CLOSED: "critical",
  /** What a peer sent: it is banned for it. */
  MALFORMED_FRAME: "critical",
  LINK_CLOSED: "temporary",
  /** A configured peer is no multiaddress. */
  PEER_INVALID: "critical",
  SERVICE_NOT_STARTED: "temporary",
  /** What the L1 told does not fit together: asked again with its next block. */
  TABLE_MISMATCH: "temporary",
  /** The signer holds another operator's key, or another key than is registered. */
  SIGNER_FOREIGN: "critical",
  SIGNER_REFUSED: "critical",
  SIGNER_UNREACHABLE: "temporary",
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
