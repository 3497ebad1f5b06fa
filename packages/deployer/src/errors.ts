/** Registry of this package's errors: stable number and severity (`temporary`: the same call may succeed later). */
export const DEPLOYER_ERRORS = {
  INVALID_PARAMETERS: { number: 7001, severity: "critical" },
  UNSAFE_PARAMETERS: { number: 7002, severity: "critical" },
  CHAIN_MISMATCH: { number: 7003, severity: "critical" },
  INSUFFICIENT_FUNDS: { number: 7004, severity: "temporary" },
  TRANSACTION_REVERTED: { number: 7005, severity: "critical" },
  TRANSACTION_TIMEOUT: { number: 7006, severity: "temporary" },
  L1_REQUEST_FAILED: { number: 7007, severity: "temporary" },
  VERIFICATION_FAILED: { number: 7008, severity: "critical" },
  ABORTED: { number: 7009, severity: "temporary" },
  ARTIFACT_UNEXPECTED: { number: 7010, severity: "critical" },
} as const;

export type DeployerErrorCode = keyof typeof DEPLOYER_ERRORS;

export class DeployerError extends Error {
  override readonly name = "DeployerError";
  readonly code: DeployerErrorCode;
  readonly number: number;
  readonly severity: "critical" | "temporary";
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: DeployerErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.number = DEPLOYER_ERRORS[code].number;
    this.severity = DEPLOYER_ERRORS[code].severity;
    this.details = details;
  }
}
