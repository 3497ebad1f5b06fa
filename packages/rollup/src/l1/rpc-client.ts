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
}

export const JSON_RPC_DEFAULTS = {
  timeoutMs: 10_000,
  maxResponseBytes: 256 * 1024 * 1024,
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
        return await this.#once(method, params, options.timeoutMs ?? this.#options.timeoutMs);
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

  async #once(method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown> {
    if (this.#closing.signal.aborted) throw closedError();
    const id = ++this.#id;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([timeout, this.#closing.signal]);
    let text: string;
    let status: number;
    try {
      const response = await fetch(this.#options.url, {
        method: "POST",
        headers: { "content-type": "application/json", ...this.#options.headers?.() },
        body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
        signal,
        redirect: "error",
      });
      status = response.status;
      this.#reachable = true;
      text = new TextDecoder().decode(await readBounded(response, this.#options.maxResponseBytes));
    } catch (cause) {
      if (cause instanceof RollupError) throw cause;
      if (this.#closing.signal.aborted) throw closedError();
      this.#reachable = false;
      if (timeout.aborted) {
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
    }
    return unwrap({ method, id, status, text });
  }
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
