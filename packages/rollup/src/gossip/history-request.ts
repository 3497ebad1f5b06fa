import type { Stream } from "@libp2p/interface";
import { z } from "zod";
import { hash } from "../l1/schemas.ts";
import type { KnownHistory } from "../mach/settled-history.ts";
import { GossipError } from "./errors.ts";
import { RequestServer, request, requestResult } from "./request-response.ts";

/** Request-response for the history of a MACH service: for who began from a snapshot, and has no blocks to make it from. */
export function historyProtocol(chainId: number): string {
  return `/altlayer/req/mach_history/${chainId}/0`;
}

const requestBytes = 8;
/** 64 peaks and two blocks, in hex. */
const maxBytes = 8 * 1024;
const block = z.strictObject({ height: z.number().int().nonnegative(), hash });
const schema = z.strictObject({ first: block, last: block, peaks: z.array(hash).max(64) });

/** Asks one peer for the history up to that block. The caller compares it with a certificate. */
export async function requestHistory(stream: Stream, height: number): Promise<KnownHistory> {
  const body = Buffer.alloc(requestBytes);
  body.writeBigUInt64LE(BigInt(height));
  const response = await request(stream, { body, maxBytes, what: `the history up to block ${height}` });
  try {
    return schema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(response)));
  } catch (cause) {
    throw new GossipError("payload-invalid", "response is no history", { cause });
  }
}

export function historyServer(dependencies: {
  readonly history: (height: number) => Promise<KnownHistory | null>;
  readonly nowMs: () => number;
}): RequestServer {
  const answer = async (body: Uint8Array) => {
    const height = Buffer.from(body).readBigUInt64LE();
    if (height > BigInt(Number.MAX_SAFE_INTEGER)) return Uint8Array.of(requestResult.invalid);
    const known = await dependencies.history(Number(height));
    if (known === null) return Uint8Array.of(requestResult.notFound);
    return Buffer.concat([Uint8Array.of(requestResult.success), new TextEncoder().encode(JSON.stringify(known))]);
  };
  return new RequestServer({ requestBytes }, { answer, nowMs: dependencies.nowMs });
}
