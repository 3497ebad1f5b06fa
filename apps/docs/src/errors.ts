/** Why the documentation cannot be built. */
export type DocsErrorCode = "LINK_BROKEN" | "NO_HEADING";

export class DocsError extends Error {
  readonly code: DocsErrorCode;

  constructor(code: DocsErrorCode, message: string) {
    super(message);
    this.name = "DocsError";
    this.code = code;
  }
}
