import type { ExecutionPayload } from "@altlayer/engine";
import type { Stream } from "@libp2p/interface";
import { GossipError } from "./errors.ts";
import { decodePayloadEnvelope, encodePayloadEnvelope } from "./payload-ssz.ts";
import { RequestServer, request, requestResult } from "./request-response.ts";
import { compressFramed, decompressFramed, maxGossipBytes } from "./snappy.ts";

/** Request-response for missing unsafe blocks (specs/protocol/rollup-node-p2p.md, "payload_by_number"). */
export function payloadByNumberProtocol(chainId: number): string {
  return `/opstack/req/payload_by_number/${chainId}/0`;
}

/** Version of a response that carries the payload with its parent beacon block root (Ecotone on). */
const versionEcotone = 1;
const requestBytes = 8;

/** Asks one peer for the canonical block of that number. The caller verifies the hash against a block that it trusts. */
export async function requestPayload(stream: Stream, number: number): Promise<ExecutionPayload> {
  const body = Buffer.alloc(requestBytes);
  body.writeBigUInt64LE(BigInt(number));
  const response = await request(stream, { body, maxBytes: maxGossipBytes, what: `block ${number}` });
  if (response.length < 4) throw new GossipError("payload-invalid", "response is cut short");
  const version = Buffer.from(response.subarray(0, 4)).readUInt32LE();
  if (version !== versionEcotone) throw new GossipError("payload-invalid", `response has version ${version}`);
  const payload = decodePayloadEnvelope(decompressFramed(response.subarray(4)));
  if (Number(payload.blockNumber) !== number) {
    throw new GossipError("payload-invalid", `asked for block ${number}, got ${Number(payload.blockNumber)}`);
  }
  return payload;
}

/** Serves `payload_by_number`. */
export function payloadServer(dependencies: {
  readonly payloadByNumber: (number: number) => Promise<ExecutionPayload | null>;
  readonly nowMs: () => number;
}): RequestServer {
  const answer = async (body: Uint8Array) => {
    const number = Buffer.from(body).readBigUInt64LE();
    if (number > BigInt(Number.MAX_SAFE_INTEGER)) return Uint8Array.of(requestResult.invalid);
    const payload = await dependencies.payloadByNumber(Number(number));
    if (payload === null) return Uint8Array.of(requestResult.notFound);
    const header = Uint8Array.of(requestResult.success, versionEcotone, 0, 0, 0);
    return Buffer.concat([header, compressFramed(encodePayloadEnvelope(payload))]);
  };
  return new RequestServer({ requestBytes }, { answer, nowMs: dependencies.nowMs });
}
