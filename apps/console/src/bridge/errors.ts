/** A step of the bridge that did not come out as it must. */
export class BridgeError extends Error {
  override readonly name = "BridgeError";
  readonly code: "REVERTED" | "NO_DEPOSIT" | "NO_WITHDRAWAL" | "NOT_READY";

  constructor(options: { readonly code: BridgeError["code"]; readonly message: string }) {
    super(options.message);
    this.code = options.code;
  }
}

/** viem's errors tell whole stories; their first line is for people. */
export function bridgeMessage(error: unknown): string {
  if (typeof error === "object" && error !== null && "shortMessage" in error) return String(error.shortMessage);
  return error instanceof Error ? error.message : String(error);
}
