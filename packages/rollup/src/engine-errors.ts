/** Codes by which an engine says that attributes or a payload can never become a block. */
const INVALID = new Set([
  "INVALID_ATTRIBUTES",
  "INVALID_TRANSACTION",
  "INVALID_PAYLOAD",
  "INVALID_BLOCK",
  "ENGINE_INVALID_PAYLOAD",
]);

/** Whether an error of `open` or `seal` is the block's own fault, so that derivation replaces it instead of retrying. */
export function isInvalidBlock(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && INVALID.has(String(error.code));
}
