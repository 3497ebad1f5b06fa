import type { ExecutionPayload, Hex } from "@altlayer/engine";
import { GossipError } from "./errors.ts";
import { decodeBlockMessage } from "./message.ts";

export type BlockVerdict =
  | { readonly verdict: "accept"; readonly payload: ExecutionPayload }
  | { readonly verdict: "ignore"; readonly reason: string }
  | { readonly verdict: "reject"; readonly reason: string };

const maxAgeSeconds = 60;
const maxAheadSeconds = 5;
const maxBlocksPerHeight = 5;
const maxHeights = 1000;

/**
 * The blocks topic's validation rules (specs/protocol/rollup-node-p2p.md, "Block validation"), in the order that
 * costs a flooder most and us least: size, signature, encoding, time, hash, duplicates.
 */
export class BlockValidator {
  readonly #seen = new Map<number, Set<Hex>>();
  readonly #chainId: number;
  readonly #unsafeBlockSigner: () => Hex;
  readonly #hashOf: (payload: ExecutionPayload) => Hex;
  readonly #now: () => number;

  constructor(
    options: { readonly chainId: number },
    dependencies: {
      /** The signer that SystemConfig names at present. */
      readonly unsafeBlockSigner: () => Hex;
      /** Block hash computed from the payload's contents. */
      readonly hashOf: (payload: ExecutionPayload) => Hex;
      /** Unix time in seconds, of the chain's clock. */
      readonly now: () => number;
    },
  ) {
    this.#chainId = options.chainId;
    this.#unsafeBlockSigner = dependencies.unsafeBlockSigner;
    this.#hashOf = dependencies.hashOf;
    this.#now = dependencies.now;
  }

  validate(data: Uint8Array): BlockVerdict {
    let message: ReturnType<typeof decodeBlockMessage>;
    try {
      message = decodeBlockMessage(this.#chainId, data);
    } catch (error) {
      if (error instanceof GossipError) return { verdict: "reject", reason: error.message };
      throw error;
    }
    const { payload, signer } = message;
    if (signer !== this.#unsafeBlockSigner().toLowerCase()) {
      return { verdict: "reject", reason: `signed by ${signer}, which is not the unsafe block signer` };
    }
    const age = this.#now() - Number(payload.timestamp);
    if (age > maxAgeSeconds) return { verdict: "reject", reason: `payload is ${age} s old` };
    if (age < -maxAheadSeconds) return { verdict: "reject", reason: `payload is ${-age} s ahead` };
    const hash = this.#hashOf(payload);
    if (hash !== payload.blockHash) {
      return { verdict: "reject", reason: `payload hashes to ${hash} but claims ${payload.blockHash}` };
    }
    return this.#remember(payload);
  }

  #remember(payload: ExecutionPayload): BlockVerdict {
    const number = Number(payload.blockNumber);
    const seen = this.#seen.get(number) ?? new Set<Hex>();
    if (seen.has(payload.blockHash)) return { verdict: "ignore", reason: "already seen" };
    if (seen.size >= maxBlocksPerHeight) {
      return { verdict: "reject", reason: `more than ${maxBlocksPerHeight} blocks at height ${number}` };
    }
    seen.add(payload.blockHash);
    this.#seen.delete(number);
    this.#seen.set(number, seen);
    if (this.#seen.size > maxHeights) {
      const oldest = this.#seen.keys().next();
      if (!oldest.done) this.#seen.delete(oldest.value);
    }
    return { verdict: "accept", payload };
  }
}
