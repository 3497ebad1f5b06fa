export type TortureErrorCode = "BAD_ARGUMENTS" | "NODE_ENDED" | "TIMED_OUT" | "RPC_FAILED" | "PROMISE_BROKEN";

export class TortureError extends Error {
  override readonly name = "TortureError";
  readonly code: TortureErrorCode;

  constructor(code: TortureErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
