/** A refusal of the control plane: `code` is for branching, the message for people. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;

  constructor(options: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
    readonly requestId?: string | null;
  }) {
    super(options.message);
    this.status = options.status;
    this.code = options.code;
    this.details = options.details ?? {};
    this.requestId = options.requestId ?? null;
  }
}

export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads an error answer. Whatever is not in the API's form (a proxy's page, say) becomes code `HTTP_<status>`. */
export function apiErrorOf(status: number, body: unknown): ApiError {
  const error = isRecord(body) ? body.error : undefined;
  if (!isRecord(error) || typeof error.code !== "string" || typeof error.message !== "string") {
    return new ApiError({ status, code: `HTTP_${status}`, message: `The server answered with status ${status}.` });
  }
  return new ApiError({
    status,
    code: error.code,
    message: error.message,
    details: isRecord(error.details) ? error.details : {},
    requestId: typeof error.requestId === "string" ? error.requestId : null,
  });
}

/** The fields that a SPEC_INVALID complains of; empty for any other error. */
export function fieldProblemsOf(error: unknown): readonly FieldProblem[] {
  if (!(error instanceof ApiError) || !Array.isArray(error.details.problems)) return [];
  return error.details.problems.flatMap((problem: unknown) =>
    isRecord(problem) && typeof problem.path === "string" && typeof problem.message === "string"
      ? [{ path: problem.path, message: problem.message }]
      : [],
  );
}

/** One sentence for people. */
export function messageOf(error: unknown): string {
  if (error instanceof TypeError) return "The control plane does not answer. Is it running?";
  const text = error instanceof Error ? error.message : String(error);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
