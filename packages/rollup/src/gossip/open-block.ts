import type { Hex } from "@altlayer/engine";
import type { Stream } from "@libp2p/interface";
import { bytesToHex, hexToBytes } from "viem/utils";
import { z } from "zod";
import {
  attributesSchema,
  type OpenBlock,
  presentAttributes,
  transactionsSchema,
  wireAttributes,
} from "../slices/open-block.ts";
import { GossipError } from "./errors.ts";
import { RequestServer, request, requestResult } from "./request-response.ts";
import { compressFramed, decompressFramed, maxGossipBytes } from "./snappy.ts";

/** Request-response for a block in the making: what a sequencer without its disk asks its followers for. */
export function openBlockProtocol(chainId: number): string {
  return `/altlayer/req/open_block/${chainId}/0`;
}

const requestBytes = 32;
const schema = z.strictObject({ attributes: attributesSchema, transactions: transactionsSchema });

/** Asks one peer what it executed so far of the block on that parent. The caller checks it by executing it, too. */
export async function requestOpenBlock(stream: Stream, parentHash: Hex): Promise<OpenBlock> {
  const body = hexToBytes(parentHash);
  const what = `the block in the making on ${parentHash}`;
  const response = await request(stream, { body, maxBytes: maxGossipBytes, what });
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(decompressFramed(response));
    const { attributes, transactions } = schema.parse(JSON.parse(text));
    return { attributes: presentAttributes(attributes), transactions };
  } catch (cause) {
    if (cause instanceof GossipError) throw cause;
    throw new GossipError("payload-invalid", "response is no block in the making", { cause });
  }
}

export function openBlockServer(dependencies: {
  readonly openBlock: (parentHash: Hex) => OpenBlock | null;
  readonly nowMs: () => number;
}): RequestServer {
  const answer = async (body: Uint8Array) => {
    const block = dependencies.openBlock(bytesToHex(body));
    if (block === null) return Uint8Array.of(requestResult.notFound);
    const { attributes, transactions } = block;
    const text = JSON.stringify({ attributes: wireAttributes(attributes), transactions });
    return Buffer.concat([Uint8Array.of(requestResult.success), compressFramed(new TextEncoder().encode(text))]);
  };
  return new RequestServer({ requestBytes }, { answer, nowMs: dependencies.nowMs });
}
