/** An error of the engine's own interface. Codes are stable; messages say what happened to what. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: string;

  constructor(fields: { readonly code: string; readonly message: string }, options?: ErrorOptions) {
    super(fields.message, options);
    this.code = fields.code;
  }
}

/** A JSON-RPC error of a method that the engine answers itself: go-ethereum's code and message, and perhaps data. */
export class EngineQueryError extends Error {
  override readonly name = "EngineQueryError";
  readonly code: number;
  readonly data: unknown;

  constructor(fields: { readonly code: number; readonly message: string; readonly data?: unknown }) {
    super(fields.message);
    this.code = fields.code;
    this.data = fields.data;
  }
}
