import { createHash } from "node:crypto";
import type { ExecutionPayload, Hex } from "@altlayer/engine";
import type { BlockSigner } from "./block-signature.ts";
import { blockSigningDigest, recoverBlockSigner } from "./block-signature.ts";
import { GossipError } from "./errors.ts";
import { decodePayloadEnvelope, encodePayloadEnvelope } from "./payload-ssz.ts";
import { compressBlock, decompressBlock, maxGossipBytes } from "./snappy.ts";

const signatureBytes = 65;

/** The blocks topic from Ecotone to Holocene (specs/protocol/rollup-node-p2p.md, "blocksv3"). */
export function blocksTopic(chainId: number): string {
  return `/optimism/${chainId}/2/blocks`;
}

/** Signs and compresses a payload for the blocks topic. A block above the gossip limit is refused before it is signed. */
export async function encodeBlockMessage(
  options: { readonly chainId: number; readonly payload: ExecutionPayload },
  { signer }: { readonly signer: BlockSigner },
): Promise<Uint8Array> {
  const envelope = encodePayloadEnvelope(options.payload);
  if (envelope.length + signatureBytes > maxGossipBytes) {
    throw new GossipError("message-too-large", `block ${options.payload.blockHash} exceeds the gossip limit of 10 MiB`);
  }
  const signature = await signer.sign(blockSigningDigest(options.chainId, envelope));
  return compressBlock(Buffer.concat([signature, envelope]));
}

/** Where the payload's timestamp stands: behind signature, beacon root and the payload's fields before it, all of fixed size. */
const timestampAt = signatureBytes + 32 + 32 + 20 + 32 + 32 + 256 + 32 + 8 + 8 + 8;

/** The block's time, read without checking anything else. Malformed input is a `GossipError`. */
export function timestampOf(data: Uint8Array): number {
  const message = decompressBlock(data);
  if (message.length < timestampAt + 8) throw new GossipError("message-too-small", "block message holds no payload");
  return Number(new DataView(message.buffer, message.byteOffset).getBigUint64(timestampAt, true));
}

/** What a message of the blocks topic says, and who signed it. */
export interface BlockMessage {
  readonly signer: Hex;
  readonly payload: ExecutionPayload;
}

/** Decompresses and decodes a message of the blocks topic and recovers its signer. Malformed input is a `GossipError`. */
export function decodeBlockMessage(chainId: number, data: Uint8Array): BlockMessage {
  const message = decompressBlock(data);
  if (message.length <= signatureBytes) throw new GossipError("message-too-small", "block message holds no payload");
  const envelope = message.subarray(signatureBytes);
  const signer = recoverBlockSigner(blockSigningDigest(chainId, envelope), message.subarray(0, signatureBytes));
  return { signer, payload: decodePayloadEnvelope(envelope) };
}

/**
 * Message id over topic and decompressed content, so that recompressed copies count as one
 * (specs/protocol/rollup-node-p2p.md, "Message ID computation", as op-node includes the topic).
 */
export function messageId(topic: string, data: Uint8Array): Uint8Array {
  let domain = 1;
  let content = data;
  try {
    content = decompressBlock(data);
  } catch {
    domain = 0; // Not snappy: the raw bytes count, under the domain of invalid messages.
  }
  const prefix = Buffer.alloc(12);
  prefix.writeUInt8(domain, 0);
  prefix.writeBigUInt64LE(BigInt(topic.length), 4);
  return createHash("sha256").update(prefix).update(topic).update(content).digest().subarray(0, 20);
}
