/** A JSON-RPC answer that is an error, or an answer in no known form (code `UNREADABLE`). */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number | "UNREADABLE";
  readonly data: unknown;

  constructor(options: { readonly code: number | "UNREADABLE"; readonly message: string; readonly data?: unknown }) {
    super(options.message);
    this.code = options.code;
    this.data = options.data;
  }
}

const METHOD_NOT_FOUND = -32601;

/** The node does not have this method: the page then leaves that part out instead of showing a failure. */
export const isMethodMissing = (error: unknown): boolean =>
  error instanceof RpcError &&
  (error.code === METHOD_NOT_FOUND || /method.*(not (found|available|supported)|does not exist)/i.test(error.message));
