import { setTimeout } from "node:timers/promises";
import type { ExecutionPayload } from "@altlayer/engine";
import type { PeerId, Stream } from "@libp2p/interface";
import { GossipError } from "./errors.ts";
import { decodePayloadEnvelope, encodePayloadEnvelope } from "./payload-ssz.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { compressFramed, decompressFramed, maxGossipBytes } from "./snappy.ts";

/** Request-response for missing unsafe blocks (specs/protocol/rollup-node-p2p.md, "payload_by_number"). */
export function payloadByNumberProtocol(chainId: number): string {
  return `/opstack/req/payload_by_number/${chainId}/0`;
}

const resultSuccess = 0;
const resultNotFound = 1;
const resultInvalid = 2;
const resultUnknown = 3;
const resultNames = ["success", "not found", "invalid request", "unknown error"];
/** Version of a response that carries the payload with its parent beacon block root (Ecotone on). */
const versionEcotone = 1;

export const requestTimeoutMs = 10_000;
// The server's side of op-node's limits: per peer and for all together.
const peerRate = { perSecond: 10, burst: 20 };
const globalRate = { perSecond: 40, burst: 80 };
const maxTrackedPeers = 1000;
const maxThrottleMs = 5_000;

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

/** Asks one peer for the canonical block of that number. The caller verifies the hash against a block that it trusts. */
export async function requestPayload(stream: Stream, number: number): Promise<ExecutionPayload> {
  const signal = AbortSignal.timeout(requestTimeoutMs);
  const expire = () => stream.abort(new GossipError("request-failed", "peer did not answer in time"));
  signal.addEventListener("abort", expire, { once: true });
  try {
    const request = Buffer.alloc(8);
    request.writeBigUInt64LE(BigInt(number));
    await sendAll(stream, request, signal);
    await stream.close({ signal });
    const response = await readAll(stream, maxGossipBytes);
    const result = response[0];
    if (result !== resultSuccess) {
      const name = result === undefined ? "an empty response" : (resultNames[result] ?? `code ${result}`);
      throw new GossipError("request-failed", `peer answered the request for block ${number} with: ${name}`);
    }
    if (response.length < 5) throw new GossipError("payload-invalid", "response is cut short");
    const version = Buffer.from(response.subarray(1, 5)).readUInt32LE();
    if (version !== versionEcotone) throw new GossipError("payload-invalid", `response has version ${version}`);
    const payload = decodePayloadEnvelope(decompressFramed(response.subarray(5)));
    if (Number(payload.blockNumber) !== number) {
      throw new GossipError("payload-invalid", `asked for block ${number}, got ${Number(payload.blockNumber)}`);
    }
    return payload;
  } finally {
    signal.removeEventListener("abort", expire);
  }
}

/** Serves `payload_by_number`; a peer above its rate waits. */
export class PayloadServer {
  readonly #limits = new Map<string, RateLimiter>();
  readonly #global: RateLimiter;
  readonly #payloadByNumber: (number: number) => Promise<ExecutionPayload | null>;
  readonly #nowMs: () => number;

  constructor(dependencies: {
    readonly payloadByNumber: (number: number) => Promise<ExecutionPayload | null>;
    readonly nowMs: () => number;
  }) {
    this.#payloadByNumber = dependencies.payloadByNumber;
    this.#nowMs = dependencies.nowMs;
    this.#global = new RateLimiter(globalRate, { now: dependencies.nowMs });
  }

  async handle(stream: Stream, peer: PeerId): Promise<void> {
    const signal = AbortSignal.timeout(requestTimeoutMs);
    const expire = () => stream.abort(new GossipError("request-failed", "request was not served in time"));
    signal.addEventListener("abort", expire, { once: true });
    try {
      const request = await readAll(stream, 8);
      await sendAll(stream, await this.#answer(request, peer), signal);
      await stream.close({ signal });
    } catch (error) {
      // A peer that breaks off is its own loss; the stream is gone either way.
      stream.abort(error instanceof Error ? error : new GossipError("request-failed", String(error)));
    } finally {
      signal.removeEventListener("abort", expire);
    }
  }

  async #answer(request: Uint8Array, peer: PeerId): Promise<Uint8Array> {
    if (request.length !== 8) return Uint8Array.of(resultInvalid);
    if (!(await this.#turn(peer))) return Uint8Array.of(resultUnknown);
    const number = Buffer.from(request).readBigUInt64LE();
    if (number > BigInt(Number.MAX_SAFE_INTEGER)) return Uint8Array.of(resultInvalid);
    let payload: ExecutionPayload | null;
    try {
      payload = await this.#payloadByNumber(Number(number));
    } catch {
      return Uint8Array.of(resultUnknown);
    }
    if (payload === null) return Uint8Array.of(resultNotFound);
    const header = Uint8Array.of(resultSuccess, versionEcotone, 0, 0, 0);
    return Buffer.concat([header, compressFramed(encodePayloadEnvelope(payload))]);
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
