/** Exit codes of every command: what a script may branch on. */
export const EXIT = { ok: 0, failed: 1, usage: 2, environment: 3, interrupted: 130 } as const;

/** The CLI's own errors: a stable number, and the exit code by the kind of remedy. */
export const CLI_ERRORS = {
  USAGE: { number: 8001, exitCode: EXIT.usage },
  CONFIG_NOT_FOUND: { number: 8002, exitCode: EXIT.usage },
  CONFIG_INVALID: { number: 8003, exitCode: EXIT.usage },
  KEY_UNAVAILABLE: { number: 8004, exitCode: EXIT.usage },
  DATA_DIR_IN_USE: { number: 8010, exitCode: EXIT.environment },
  DATA_DIR_CORRUPT: { number: 8011, exitCode: EXIT.environment },
  PORT_IN_USE: { number: 8012, exitCode: EXIT.environment },
  ANVIL_MISSING: { number: 8013, exitCode: EXIT.environment },
  ANVIL_FAILED: { number: 8014, exitCode: EXIT.environment },
  L1_OTHER_CHAIN: { number: 8015, exitCode: EXIT.environment },
  L1_OLDER_THAN_ROLLUP: { number: 8016, exitCode: EXIT.environment },
  RPC_UNREACHABLE: { number: 8017, exitCode: EXIT.environment },
  RPC_ERROR: { number: 8018, exitCode: EXIT.failed },
  PLATFORM_UNREACHABLE: { number: 8020, exitCode: EXIT.environment },
  ROLLUP_NOT_FOUND: { number: 8022, exitCode: EXIT.usage },
  LAUNCH_FAILED: { number: 8021, exitCode: EXIT.failed },
  DRILL_UNFINISHED: { number: 8023, exitCode: EXIT.failed },
  NO_EARLIER_REVISION: { number: 8024, exitCode: EXIT.usage },
  UPGRADE_REFUSED: { number: 8025, exitCode: EXIT.failed },
  INVALID_TIME: { number: 8026, exitCode: EXIT.usage },
  OUTPUT_EXISTS: { number: 8019, exitCode: EXIT.usage },
  NOTHING_FOUND: { number: 8030, exitCode: EXIT.failed },
  OPERATOR_NOT_READY: { number: 8031, exitCode: EXIT.failed },
} as const;

export type CliErrorCode = keyof typeof CLI_ERRORS;

/** A failure that the user can act on: the message says what happened, to what, and what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;
  readonly number: number;
  readonly exitCode: number;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: CliErrorCode,
    message: string,
    details: { readonly data?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.number = CLI_ERRORS[code].number;
    this.exitCode = CLI_ERRORS[code].exitCode;
    this.data = details.data ?? {};
  }
}
