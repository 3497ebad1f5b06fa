import { EXIT } from "./errors.ts";

/** What every package's errors have in common (S11); recognised by shape, since packages do not share a class. */
interface TypedError extends Error {
  readonly code: string;
  readonly number?: number;
  readonly exitCode?: number;
  readonly severity?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface RenderedError {
  readonly exitCode: number;
  /** For a person: one or a few lines. */
  readonly text: string;
  /** For `--json`: one object. */
  readonly json: { readonly error: Readonly<Record<string, unknown>> };
}

/** Exit codes for what other packages throw: wrong input is told apart from surroundings that are in the way. */
function exitCodeOf({ code, exitCode }: TypedError): number {
  if (exitCode !== undefined) return exitCode;
  if (/^(CONFIG_|KEY_|KEYSTORE_|INVALID_|UNSAFE_|SPEC_INVALID|BAD_REQUEST|UNAUTHENTICATED|ADDRESS_REFUSED)/.test(code))
    return EXIT.usage;
  if (/^(L1_|BEACON_|NETWORK_|CHAIN_MISMATCH|INSUFFICIENT_FUNDS|UPSTREAM)/.test(code)) return EXIT.environment;
  return EXIT.failed;
}

function isTyped(error: unknown): error is TypedError {
  return error instanceof Error && typeof (error as { code?: unknown }).code === "string";
}

/** Of a system call: the machine refused something (a file's permissions, a full disk), and says to what. */
function isOfSystem(error: Error): boolean {
  return "syscall" in error;
}

/** Turns anything thrown into what the user sees. An error without a code is our bug, so it keeps its stack. */
export function renderError(error: unknown): RenderedError {
  if (!isTyped(error)) {
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    return {
      exitCode: EXIT.failed,
      text: `unexpected: ${stack ?? message}\nThis is a defect: please report it with the lines above.`,
      json: { error: { code: "UNEXPECTED", message } },
    };
  }
  if (isOfSystem(error)) {
    const { code, message, path } = error as TypedError & { readonly path?: string };
    return {
      exitCode: EXIT.environment,
      text: message,
      json: { error: { code, message, data: path === undefined ? {} : { path } } },
    };
  }
  const label = error.number === undefined ? error.code : `${error.code} (${error.number})`;
  const data = error.data ?? error.details ?? {};
  return {
    exitCode: exitCodeOf(error),
    text: `${label}: ${error.message}`,
    json: {
      error: {
        code: error.code,
        ...(error.number === undefined ? {} : { number: error.number }),
        ...(error.severity === undefined ? {} : { severity: error.severity }),
        message: error.message,
        data,
      },
    },
  };
}
