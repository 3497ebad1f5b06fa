import { createHmac } from "node:crypto";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const HEADER = encode({ alg: "HS256", typ: "JWT" });

/** The `Authorization` header of the Engine API (execution-apis, "Authentication"): issued now, by the machine's own clock. */
export function bearerToken(secret: Uint8Array): string {
  const unsigned = `${HEADER}.${encode({ iat: Math.floor(Date.now() / 1000) })}`;
  return `Bearer ${unsigned}.${createHmac("sha256", secret).update(unsigned).digest("base64url")}`;
}
