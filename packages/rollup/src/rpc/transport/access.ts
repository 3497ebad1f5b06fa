import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { ListenOptions } from "../options.ts";

/**
 * Whether the `Host` header is one that this server answers to. A page whose DNS name was rebound to our address still
 * sends its own name here. IP addresses cannot be rebound and always pass, as in go-ethereum's virtual host handler.
 */
export function isHostAllowed(request: IncomingMessage, options: ListenOptions): boolean {
  const header = request.headers.host;
  if (header === undefined || options.virtualHosts.includes("*")) return true;
  const name = hostName(header);
  return isIP(name) !== 0 || options.virtualHosts.includes(name.toLowerCase());
}

function hostName(header: string): string {
  if (header.startsWith("[")) return header.slice(1, header.indexOf("]"));
  const colon = header.lastIndexOf(":");
  return colon < 0 ? header : header.slice(0, colon);
}

/** CORS headers of a response, or `undefined` when the origin has no access (the browser then hides the response). */
export function corsHeaders(request: IncomingMessage, options: ListenOptions): Record<string, string> | undefined {
  const { origin } = request.headers;
  if (origin === undefined || options.corsOrigins.length === 0) return undefined;
  const all = options.corsOrigins.includes("*");
  if (!all && !options.corsOrigins.includes(origin)) return undefined;
  return {
    "access-control-allow-origin": all ? "*" : origin,
    "access-control-allow-methods": "POST, GET, OPTIONS",
    "access-control-allow-headers": "content-type, authorization",
    "access-control-max-age": "600",
    ...(all ? {} : { vary: "origin" }),
  };
}

/** WebSocket handshakes skip the browser's CORS check, so the origin is checked here. */
export function isOriginAllowed(request: IncomingMessage, options: ListenOptions): boolean {
  const { origin } = request.headers;
  return origin === undefined || options.corsOrigins.includes("*") || options.corsOrigins.includes(origin);
}
