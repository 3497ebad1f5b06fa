import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** execution-apis, src/engine/authentication.md: `iat` within 60 seconds of now. */
const MAX_SKEW_SECONDS = 60;

/**
 * Checks a bearer token of the Engine API: HS256 over the shared secret, `iat` close to now.
 * Returns why it is refused, in go-ethereum's words, or `undefined`.
 */
function checkToken(
  token: string,
  options: { readonly secret: Uint8Array; readonly nowSeconds: number },
): string | undefined {
  const parts = token.split(".");
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || !signature) return "token contains an invalid number of segments";
  const algorithm = field(header, "alg");
  if (algorithm !== "HS256") return `signing method ${String(algorithm)} is invalid`;
  const expected = createHmac("sha256", options.secret).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "signature is invalid";
  const issuedAt = field(payload, "iat");
  if (typeof issuedAt !== "number") return "missing issued-at";
  if (options.nowSeconds - issuedAt > MAX_SKEW_SECONDS) return "stale token";
  if (issuedAt - options.nowSeconds > MAX_SKEW_SECONDS) return "future token";
  const expiresAt = field(payload, "exp");
  if (typeof expiresAt === "number" && expiresAt < options.nowSeconds) return "token is expired";
  return undefined;
}

/** A token for a client of an Engine API (our derivation driving a stock engine). */
export function createToken(options: { readonly secret: Uint8Array; readonly nowSeconds: number }): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ iat: options.nowSeconds })}`;
  return `${signed}.${createHmac("sha256", options.secret).update(signed).digest("base64url")}`;
}

/** Authorisation of HTTP requests and WebSocket handshakes by the `Authorization: Bearer` header. */
export function jwtAuthorizer(options: { readonly secret: Uint8Array; readonly now: () => number }) {
  return (request: IncomingMessage): string | undefined => {
    const header = request.headers.authorization;
    if (header === undefined || !header.startsWith("Bearer ")) return "missing token";
    return checkToken(header.slice("Bearer ".length), {
      secret: options.secret,
      nowSeconds: Math.floor(options.now() / 1000),
    });
  };
}

function field(segment: string, name: string): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(segment, "base64url").toString("utf8"));
    return typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, name) : undefined;
  } catch {
    return undefined;
  }
}
