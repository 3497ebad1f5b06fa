import type { IncomingMessage, ServerResponse } from "node:http";
import type { ExecutionPayload } from "@altlayer/engine";
import { getPayloadSchema } from "../external-engine/schemas.ts";
import { readBounded } from "../l1/bounded-body.ts";

/*
 * Sealed blocks, for who follows slices alone: `GET /blocks/<number>` beside the stream answers as `engine_getPayload` does.
 * The signed slices name the hashes that the answers must have.
 */

/** A block's worth of transactions in hex. */
const MAX_BLOCK_BYTES = 64 * 1024 * 1024;
const MAX_AT_ONCE = 4;
const TIMEOUT_MS = 10_000;
const PATH = /^\/blocks\/(0|[1-9][0-9]{0,14})$/;

/** Answers requests for blocks. @returns false for any other request, which is left alone */
export function blockServer(payloadByNumber: (number: number) => Promise<ExecutionPayload | null>) {
  let busy = 0;
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const number = PATH.exec(request.url ?? "")?.[1];
    if (request.method !== "GET" || number === undefined) return false;
    if (busy >= MAX_AT_ONCE) {
      response.writeHead(503, { "retry-after": "1" }).end();
      return true;
    }
    busy++;
    payloadByNumber(Number(number))
      .then((payload) => {
        if (!payload) return response.writeHead(404).end();
        const { parentBeaconBlockRoot, ...executionPayload } = payload;
        const body = JSON.stringify({ executionPayload, parentBeaconBlockRoot });
        return response.writeHead(200, { "content-type": "application/json" }).end(body);
      })
      .catch(() => response.writeHead(500).end())
      .finally(() => {
        busy--;
      });
    return true;
  };
}

/** Asks for a block where the slices come from; `null` if it is not to be had. @param from.stream its `ws:` address */
export async function requestStreamBlock(
  { stream, number }: { readonly stream: string; readonly number: number },
  signal: AbortSignal,
): Promise<ExecutionPayload | null> {
  const url = new URL(`/blocks/${number}`, stream.replace(/^ws/, "http"));
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      redirect: "error",
    });
    const body = await readBounded(response, MAX_BLOCK_BYTES);
    if (response.status !== 200) return null;
    return getPayloadSchema.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    return null;
  }
}
