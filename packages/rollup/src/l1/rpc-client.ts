import type { Clock } from "../clock.ts";
import { closedError } from "../clock.ts";
import { RollupError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { readBounded } from "./bounded-body.ts";

export interface JsonRpcClientOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  /** Attempts in all for requests that may be repeated. */
  readonly attempts: number;
  readonly backoffMs: number;
  readonly headers?: () => Readonly<Record<string, string>>;
}

export interface CallOptions {
  /** Whether the request may be sent again after it may have reached the server. Reads may. */
  readonly idempotent?: boolean;
  readonly timeoutMs?: number;
  /** Bound on this answer, where it is known to be smaller than the largest. */
  readonly maxResponseBytes?: number;
}

/** Longest time that a server may make us wait by `Retry-After`. */
const MAX_RETRY_AFTER_MS = 30_000;

/** Why a request is ended from here. Without a reason of its own, every end would make an exception with a stack trace. */
const STOPPED = "stopped";

export const JSON_RPC_DEFAULTS = {
  timeoutMs: 10_000,
  maxResponseBytes: 96 * 1024 * 1024,
  attempts: 4,
  backoffMs: 100,
} as const;

/** JSON-RPC over HTTP with a timeout on every request, a bound on every answer and retries of what is temporary. */
export class JsonRpcClient {
  readonly #options: JsonRpcClientOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #errors = new Map<string, number>();
  #id = 0;
  #reachable = false;
  /** The server asked for a pause until then. */
  #pausedUntilMs = 0;

  constructor(options: JsonRpcClientOptions, dependencies: { readonly clock: Clock; readonly log: Logger }) {
    this.#options = options;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
  }

  /** The raw `result`. Errors: `L1_*` of `RollupError`, with the server's code and data under `data` for `L1_RPC_ERROR`. */
  async call(method: string, params: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    const attempts = (options.idempotent ?? true) ? this.#options.attempts : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#pause();
        return await this.#once(method, params, options);
      } catch (error) {
        if (error instanceof RollupError) this.#errors.set(error.code, (this.#errors.get(error.code) ?? 0) + 1);
        const retry = error instanceof RollupError && error.severity === "temporary" && error.code !== "L1_RPC_ERROR";
        if (!retry || attempt >= attempts || this.#closing.signal.aborted) throw error;
        this.#log.debug("request failed, retrying", { method, attempt, error: error.code });
        await this.#clock.sleep(this.#options.backoffMs * 2 ** (attempt - 1), this.#closing.signal);
      }
    }
  }

  /** Requests sent so far, and how many failed by code (`RollupErrorCode`, so the codes are few). */
  get counts(): { readonly requests: number; readonly errors: ReadonlyMap<string, number> } {
    return { requests: this.#id, errors: this.#errors };
  }

  /** Whether the last attempt got an answer, be it an error. */
  get reachable(): boolean {
    return this.#reachable;
  }

  close(): void {
    this.#closing.abort();
  }

  /** All requests wait, not only the one that was refused: asking on is what the server punishes. */
  async #pause(): Promise<void> {
    const leftMs = Math.min(this.#pausedUntilMs - this.#clock.nowMs(), MAX_RETRY_AFTER_MS);
    if (leftMs > 0) await this.#clock.sleep(leftMs, this.#closing.signal);
    // Slept out once, whatever a clock that was set back meanwhile says.
    this.#pausedUntilMs = 0;
  }

  async #once(method: string, params: readonly unknown[], options: CallOptions): Promise<unknown> {
    if (this.#closing.signal.aborted) throw closedError();
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    const maxResponseBytes = options.maxResponseBytes ?? this.#options.maxResponseBytes;
    const id = ++this.#id;
    // By hand: `AbortSignal.timeout` keeps its timer, and makes an exception when it fires, long after the answer came.
    const stop = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop.abort(STOPPED);
    }, timeoutMs);
    const close = () => stop.abort(STOPPED);
    this.#closing.signal.addEventListener("abort", close, { once: true });
    let text: string;
    let status: number;
    try {
      const response = await fetch(this.#options.url, {
        method: "POST",
        headers: { "content-type": "application/json", ...this.#options.headers?.() },
        body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
        signal: stop.signal,
        redirect: "error",
      });
      status = response.status;
      this.#reachable = true;
      const retryAfterMs = retryAfter(response);
      if (retryAfterMs !== null) {
        await response.body?.cancel();
        this.#pausedUntilMs = this.#clock.nowMs() + retryAfterMs;
        throw new RollupError("L1_RATE_LIMITED", `${method} was refused with HTTP status ${status} for a while`, {
          severity: "temporary",
          data: { method, status, retryAfterMs },
        });
      }
      text = new TextDecoder().decode(await readBounded(response, maxResponseBytes));
    } catch (cause) {
      if (cause instanceof RollupError) throw cause;
      if (this.#closing.signal.aborted) throw closedError();
      this.#reachable = false;
      if (late) {
        throw new RollupError("L1_TIMEOUT", `${method} was not answered within ${timeoutMs} ms`, {
          severity: "temporary",
          data: { method, timeoutMs },
        });
      }
      throw new RollupError("L1_UNREACHABLE", `${method} did not reach the server`, {
        severity: "temporary",
        data: { method },
        cause,
      });
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener("abort", close);
    }
    return unwrap({ method, id, status, text });
  }
}

/** How long a server wants not to be asked; `null` if it does not say. */
function retryAfter({ status, headers }: Response): number | null {
  const header = headers.get("retry-after");
  if (status !== 429 && !(status === 503 && header !== null)) return null;
  const seconds = header === null ? 1 : Number(header);
  // The other form is a date, which an unsynchronised clock cannot read: a second will do.
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : 1_000;
}

function unwrap(answer: { method: string; id: number; status: number; text: string }): unknown {
  const { method, status } = answer;
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch {
    if (status < 200 || status >= 300) {
      throw new RollupError("L1_HTTP_STATUS", `${method} was answered with HTTP status ${status}`, {
        severity: "temporary",
        data: { method, status },
      });
    }
    throw new RollupError("L1_SCHEMA", `the answer to ${method} is not JSON`, {
      severity: "temporary",
      data: { method },
    });
  }
  if (typeof body === "object" && body !== null) {
    if ("error" in body && typeof body.error === "object" && body.error !== null) {
      const error = body.error as { code?: unknown; message?: unknown; data?: unknown };
      const code = typeof error.code === "number" ? error.code : 0;
      const text = typeof error.message === "string" ? error.message.slice(0, 500) : "no message";
      throw new RollupError("L1_RPC_ERROR", `${method} failed: ${text}`, {
        severity: "temporary",
        data: { method, code, message: text, data: error.data },
      });
    }
    if ("result" in body && (!("id" in body) || body.id === answer.id)) return body.result;
  }
  throw new RollupError("L1_SCHEMA", `the answer to ${method} is not a JSON-RPC response`, {
    severity: "temporary",
    data: { method, status },
  });
}
