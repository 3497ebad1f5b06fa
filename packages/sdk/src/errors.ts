/**
 * What the caller does about an error: `temporary`: the same call may succeed later; `permanent`: it will not.
 * Codes and numbers are stable.
 */
export const SDK_ERRORS = {
  /** The node's answer has not the shape that the method promises. */
  MALFORMED_ANSWER: { number: 10_001, severity: "permanent" },
  WAIT_TIMED_OUT: { number: 10_002, severity: "temporary" },
  WAIT_ABORTED: { number: 10_003, severity: "permanent" },
  /** More than a third of the weight signed an alert against the block. */
  BLOCK_HELD_BACK: { number: 10_004, severity: "permanent" },

  /** The bytes are no certificate, or record and bytes disagree. */
  CERTIFICATE_MALFORMED: { number: 10_010, severity: "permanent" },
  /** docs/spec/mach.md, section 2: the message is not well formed. */
  MESSAGE_MALFORMED: { number: 10_011, severity: "permanent" },
  /** The L1 has no commitment for the certificate's epoch yet. */
  TABLE_NOT_COMMITTED: { number: 10_012, severity: "temporary" },
  /** The table is not the one that the L1 committed to. */
  TABLE_MISMATCH: { number: 10_013, severity: "permanent" },
  CERTIFICATE_TOO_OLD: { number: 10_014, severity: "permanent" },
  /** An absent operator is not in the table, out of order, or counted twice. */
  ABSENT_INVALID: { number: 10_015, severity: "permanent" },
  BELOW_THRESHOLD: { number: 10_016, severity: "permanent" },
  SIGNATURE_INVALID: { number: 10_017, severity: "permanent" },
  /** A point off the curve, outside its subgroup, at infinity, or with a coordinate at or above p. */
  POINT_INVALID: { number: 10_018, severity: "permanent" },
  /** The L1 block that the certificate's block rests on is not part of the L1 as seen. */
  ORIGIN_NOT_CANONICAL: { number: 10_019, severity: "temporary" },
  /** The L1 block of the certificate's epoch is not part of the L1 as seen. */
  BASE_NOT_CANONICAL: { number: 10_020, severity: "temporary" },
  /** This L1 gives no proof of its past block hashes (EIP-2935), and the trust given does not do without. */
  ORIGIN_UNPROVEN: { number: 10_021, severity: "permanent" },
  /** A receipt is not under the certificate's transaction root. */
  RECEIPT_UNPROVEN: { number: 10_022, severity: "permanent" },

  /** The L1 is another chain than the service's. */
  L1_OTHER_CHAIN: { number: 10_030, severity: "permanent" },
  /** The L1 as seen ends before the certificate's origin. */
  L1_BEHIND: { number: 10_031, severity: "temporary" },
  /** A header does not hash to its hash, or a proof does not lead to its root. */
  L1_LIED: { number: 10_032, severity: "permanent" },
  /** Too few of the L1 nodes agree on a block. */
  L1_NO_QUORUM: { number: 10_033, severity: "temporary" },
  /** The pinned addresses hold no started MACH service of this rollup. */
  SERVICE_UNKNOWN: { number: 10_034, severity: "permanent" },

  /** A contract refuses the call; `details.error` is the name of its error. Whether for good, that name says. */
  REFUSED: { number: 10_040, severity: "temporary" },
  /** What is asked for contradicts what the account has done already. */
  CONFLICT: { number: 10_041, severity: "permanent" },
  TRANSACTION_REVERTED: { number: 10_042, severity: "permanent" },
  /** It may still be mined: look for its hash before sending it again. */
  TRANSACTION_NOT_MINED: { number: 10_043, severity: "temporary" },
  NO_ACCOUNT: { number: 10_044, severity: "permanent" },
  /** The rewards root in force cannot be computed here: whoever made it gives claims. */
  CLAIM_NEEDED: { number: 10_045, severity: "permanent" },
  /** The account has less ether on the L1 than the transaction's gas and value cost. */
  INSUFFICIENT_FUNDS: { number: 10_046, severity: "temporary" },
} as const;

export type SdkErrorCode = keyof typeof SDK_ERRORS;
export type SdkErrorDetails = Readonly<Record<string, string | number | bigint | boolean | null | readonly string[]>>;

export class SdkError extends Error {
  override readonly name = "SdkError";
  readonly code: SdkErrorCode;
  readonly number: number;
  readonly severity: "temporary" | "permanent";
  readonly details: SdkErrorDetails;

  constructor(code: SdkErrorCode, message: string, details: SdkErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.number = SDK_ERRORS[code].number;
    this.severity = SDK_ERRORS[code].severity;
    this.details = details;
  }
}

export function isSdkError(error: unknown): error is SdkError {
  return error instanceof SdkError;
}
