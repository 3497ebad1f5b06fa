import { ApiError, apiErrorOf } from "./errors.ts";

const BASE = "/api/v1";
const TIMEOUT_MS = 30_000;

/** Held outside React: every request needs it, and only the session's query sets it. */
let csrfToken: string | undefined;
export const holdCsrfToken = (token: string | undefined): void => {
  csrfToken = token;
};

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Makes a repeated POST (a double click, a retry after a lost answer) one action. */
  readonly idempotencyKey?: string;
  readonly as?: "json" | "blob";
  readonly timeoutMs?: number;
}

export function urlOf(path: string, query: RequestOptions["query"] = {}): string {
  const entries = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  return BASE + path + (entries.length === 0 ? "" : `?${new URLSearchParams(entries)}`);
}

/**
 * One call of the API.
 * @throws ApiError when it refuses; TypeError when it cannot be reached; DOMException when aborted or timed out.
 */
export async function request<Result>(path: string, options: RequestOptions = {}): Promise<Result> {
  const { method = "GET", body, signal } = options;
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrfToken !== undefined) headers["x-altlayer-csrf"] = csrfToken;
  if (options.idempotencyKey !== undefined) headers["idempotency-key"] = options.idempotencyKey;

  const response = await fetch(urlOf(path, options.query), {
    method,
    headers,
    credentials: "same-origin",
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw apiErrorOf(response.status, await response.json().catch(() => undefined));
  if (response.status === 204) return undefined as Result;
  if (options.as === "blob") return (await response.blob()) as Result;
  return (await response.json()) as Result;
}

export const isUnauthenticated = (error: unknown): boolean =>
  error instanceof ApiError && error.code === "UNAUTHENTICATED";

/** A path segment that came from anywhere but the code. */
export const segment = (text: string): string => encodeURIComponent(text);
