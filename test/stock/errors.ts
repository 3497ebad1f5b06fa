export type StockErrorCode = "GO_MISSING" | "BUILD_FAILED" | "START_FAILED" | "TIMEOUT" | "RPC_FAILED" | "MISMATCH";

/** What can go wrong around the stock programs. `details.log` is the end of the program's own output. */
export class StockError extends Error {
  override readonly name = "StockError";
  readonly code: StockErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: StockErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
