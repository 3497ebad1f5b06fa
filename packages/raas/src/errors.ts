/** The control plane's errors: a stable number and the HTTP status that the API answers with. */
export const RAAS_ERRORS = {
  BAD_REQUEST: { number: 7001, status: 400 },
  SPEC_INVALID: { number: 7002, status: 422 },
  UNAUTHENTICATED: { number: 7003, status: 401 },
  NOT_FOUND: { number: 7004, status: 404 },
  FORBIDDEN: { number: 7005, status: 403 },
  CSRF_REJECTED: { number: 7006, status: 403 },
  HOST_REJECTED: { number: 7007, status: 403 },
  CONFLICT: { number: 7008, status: 409 },
  CHANGE_REFUSED: { number: 7009, status: 409 },
  IDEMPOTENCY_CONFLICT: { number: 7010, status: 409 },
  NOT_RUNNING: { number: 7011, status: 409 },
  TOO_LARGE: { number: 7012, status: 413 },
  RATE_LIMITED: { number: 7013, status: 429 },
  UPSTREAM: { number: 7014, status: 502 },
  INTERNAL: { number: 7015, status: 500 },
  /** The control plane's own set-up. */
  CONFIG_INVALID: { number: 7020, status: 500 },
  MASTER_KEY_INVALID: { number: 7021, status: 500 },
  SECRET_UNREADABLE: { number: 7022, status: 500 },
  STORE_FAILED: { number: 7023, status: 500 },
  STORE_NEWER: { number: 7025, status: 500 },
  /** Another control plane holds the lease: this one must not write. */
  LEASE_LOST: { number: 7024, status: 503 },
  /** Of steps: what a rollup waits for, or why it does not run. */
  FUNDS_MISSING: { number: 7030, status: 409 },
  NETWORK_MISMATCH: { number: 7031, status: 409 },
  NETWORK_UNREACHABLE: { number: 7032, status: 502 },
  NODE_UNHEALTHY: { number: 7033, status: 502 },
  NODE_CRASHED: { number: 7034, status: 502 },
  /** Of contracts' sources. */
  NOT_A_CONTRACT: { number: 7040, status: 409 },
  COMPILATION_FAILED: { number: 7041, status: 422 },
  COMPILATION_LIMIT: { number: 7042, status: 422 },
  NO_MATCH: { number: 7043, status: 422 },
  CLOSED: { number: 7035, status: 503 },
  /** Of what customers have us call: webhooks, mail, other people's nodes. */
  ADDRESS_REFUSED: { number: 7050, status: 422 },
  ATTACH_REFUSED: { number: 7052, status: 422 },
  MAIL_NOT_CONFIGURED: { number: 7051, status: 409 },
  /** Of an attached chain: the platform cannot run operators for it. */
  MACH_REFUSED: { number: 7053, status: 409 },
  /** An account's nonce was promised to another transaction before a crash: that one is sent, and the step tried again. */
  NONCE_TAKEN: { number: 7036, status: 409 },
  /** Of drills: what was rehearsed does not work, cannot be rehearsed here, or did not come to its end. */
  DRILL_FAILED: { number: 7060, status: 500 },
  DRILL_UNAVAILABLE: { number: 7061, status: 409 },
  DRILL_INTERRUPTED: { number: 7062, status: 503 },
  RESTORE_FAILED: { number: 7063, status: 500 },
} as const;

export type RaasErrorCode = keyof typeof RAAS_ERRORS;

/** Every error that leaves this package. Callers branch on `code`; `message` says what happened, to what, and what to do. */
export class RaasError extends Error {
  override readonly name = "RaasError";
  readonly code: RaasErrorCode;
  readonly number: number;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: RaasErrorCode,
    message: string,
    { details = {}, cause }: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.number = RAAS_ERRORS[code].number;
    this.status = RAAS_ERRORS[code].status;
    this.details = details;
  }
}

/** A code and one line for anything thrown, fit for a record that users read. An error of ours that a library wrapped counts. */
export function problemOf(error: unknown): { readonly code: string; readonly message: string } {
  const shown = ownErrorIn(error) ?? error;
  const code = shown instanceof Error && "code" in shown && typeof shown.code === "string" ? shown.code : "INTERNAL";
  const text = shown instanceof Error ? (viemLine(shown) ?? shown.message) : String(shown);
  return { code, message: text.slice(0, 2_000) };
}

/** viem's messages go on with the URL that was asked, which may hold our provider's key, and with the whole request. */
function viemLine(error: Error): string | undefined {
  const { shortMessage, details } = error as { readonly shortMessage?: unknown; readonly details?: unknown };
  if (typeof shortMessage !== "string") return undefined;
  const told = typeof details !== "string" || shortMessage.includes(details) ? "" : ` ${details}`;
  return `${shortMessage}${told}`.replace(/\s+/g, " ");
}

const CAUSES_MAX = 8;

function ownErrorIn(error: unknown): RaasError | undefined {
  let at = error;
  for (let depth = 0; depth < CAUSES_MAX && at instanceof Error; depth++, at = at.cause) {
    if (at instanceof RaasError) return at;
  }
  return undefined;
}
