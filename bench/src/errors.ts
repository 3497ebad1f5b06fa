/** Whatever keeps a bench from measuring. */
export class BenchError extends Error {
  readonly code: "PROGRAM_FAILED" | "RPC_FAILED" | "TIMEOUT" | "NOT_INCLUDED" | "UNKNOWN_OPTION";

  constructor(code: BenchError["code"], message: string) {
    super(message);
    this.name = "BenchError";
    this.code = code;
  }
}
