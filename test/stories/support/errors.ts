export type StoryErrorCode = "DEV_DID_NOT_START" | "TIMED_OUT" | "RPC_FAILED" | "PROGRAM_FAILED";

export class StoryError extends Error {
  override readonly name = "StoryError";
  readonly code: StoryErrorCode;

  constructor(code: StoryErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
