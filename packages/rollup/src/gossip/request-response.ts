import { setTimeout } from "node:timers/promises";
import type { PeerId, Stream } from "@libp2p/interface";
import { GossipError } from "./errors.ts";
import { RateLimiter } from "./rate-limiter.ts";

export const requestTimeoutMs = 10_000;
/** First byte of an answer. */
export const requestResult = { success: 0, notFound: 1, invalid: 2, unknown: 3 } as const;
const resultNames = ["success", "not found", "invalid request", "unknown error"];
// The server's side of op-node's limits: per peer and for all together.
const peerRate = { perSecond: 10, burst: 20 };
const globalRate = { perSecond: 40, burst: 80 };
const maxTrackedPeers = 1000;
const maxThrottleMs = 5_000;

/** Sends a request on a stream of its own and returns what follows the result byte of the answer. */
export async function request(
  stream: Stream,
  { body, maxBytes, what }: { readonly body: Uint8Array; readonly maxBytes: number; readonly what: string },
): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(requestTimeoutMs);
  const expire = () => stream.abort(new GossipError("request-failed", "peer did not answer in time"));
  signal.addEventListener("abort", expire, { once: true });
  try {
    await sendAll(stream, body, signal);
    await stream.close({ signal });
    const response = await readAll(stream, maxBytes);
    const result = response[0];
    if (result !== requestResult.success) {
      const name = result === undefined ? "an empty response" : (resultNames[result] ?? `code ${result}`);
      throw new GossipError("request-failed", `peer answered the request for ${what} with: ${name}`);
    }
    return response.subarray(1);
  } finally {
    signal.removeEventListener("abort", expire);
  }
}

/** Serves requests of a fixed length; a peer above its rate waits. */
export class RequestServer {
  readonly #limits = new Map<string, RateLimiter>();
  readonly #global: RateLimiter;
  readonly #requestBytes: number;
  readonly #answer: (request: Uint8Array) => Promise<Uint8Array>;
  readonly #nowMs: () => number;

  constructor(
    options: { readonly requestBytes: number },
    dependencies: {
      /** The whole response, from its result byte on. */
      readonly answer: (request: Uint8Array) => Promise<Uint8Array>;
      readonly nowMs: () => number;
    },
  ) {
    this.#requestBytes = options.requestBytes;
    this.#answer = dependencies.answer;
    this.#nowMs = dependencies.nowMs;
    this.#global = new RateLimiter(globalRate, { now: dependencies.nowMs });
  }

  async handle(stream: Stream, peer: PeerId): Promise<void> {
    const signal = AbortSignal.timeout(requestTimeoutMs);
    const expire = () => stream.abort(new GossipError("request-failed", "request was not served in time"));
    signal.addEventListener("abort", expire, { once: true });
    try {
      const body = await readAll(stream, this.#requestBytes);
      await sendAll(stream, await this.#respond(body, peer), signal);
      await stream.close({ signal });
    } catch (error) {
      // A peer that breaks off is its own loss; the stream is gone either way.
      stream.abort(error instanceof Error ? error : new GossipError("request-failed", String(error)));
    } finally {
      signal.removeEventListener("abort", expire);
    }
  }

  async #respond(body: Uint8Array, peer: PeerId): Promise<Uint8Array> {
    if (body.length !== this.#requestBytes) return Uint8Array.of(requestResult.invalid);
    if (!(await this.#turn(peer))) return Uint8Array.of(requestResult.unknown);
    return this.#answer(body).catch(() => Uint8Array.of(requestResult.unknown));
  }

  /** Waits for the peer's turn, as op-node does: throttled rather than refused, up to a limit. */
  async #turn(peer: PeerId): Promise<boolean> {
    const limits = [this.#limitOf(peer), this.#global];
    const waitMs = Math.max(...limits.map((limit) => limit.reserve()));
    if (waitMs > maxThrottleMs) {
      for (const limit of limits) limit.cancel();
      return false;
    }
    if (waitMs > 0) await setTimeout(waitMs);
    return true;
  }

  #limitOf(peer: PeerId): RateLimiter {
    const key = peer.toString();
    const known = this.#limits.get(key);
    if (known !== undefined) return known;
    if (this.#limits.size >= maxTrackedPeers) {
      const oldest = this.#limits.keys().next();
      if (!oldest.done) this.#limits.delete(oldest.value);
    }
    const limiter = new RateLimiter(peerRate, { now: this.#nowMs });
    this.#limits.set(key, limiter);
    return limiter;
  }
}

async function readAll(stream: Stream, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of stream) {
    const chunk = part.subarray();
    total += chunk.length;
    if (total > maxBytes) {
      const error = new GossipError("message-too-large", `peer sent more than ${maxBytes} bytes`);
      stream.abort(error);
      throw error;
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

async function sendAll(stream: Stream, data: Uint8Array, signal: AbortSignal): Promise<void> {
  const step = 64 * 1024;
  for (let start = 0; start < data.length; start += step) {
    if (!stream.send(data.subarray(start, start + step))) await stream.onDrain({ signal });
  }
}
