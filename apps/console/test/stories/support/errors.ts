/** A story could not go on: what it needs is missing, or did not come in time. */
export class StoryError extends Error {
  override readonly name = "StoryError";
  readonly code: "NO_CHROMIUM" | "PLATFORM_FAILED" | "TIMEOUT" | "WALLET";

  constructor(code: StoryError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
