import type { ExecutionPayload, Hex } from "@altlayer/engine";
import { GossipError } from "./errors.ts";
import { decodeBlockMessage, timestampOf } from "./message.ts";

export type BlockVerdict =
  | { readonly verdict: "accept"; readonly payload: ExecutionPayload }
  | { readonly verdict: "ignore"; readonly reason: string }
  /** `offence`: no honest peer would have passed it on, whatever its clock or its view of the L1. */
  | { readonly verdict: "reject"; readonly reason: string; readonly offence: boolean };

const maxAgeSeconds = 60;
const maxAheadSeconds = 5;
const maxBlocksPerHeight = 5;
const maxHeights = 1000;

const NO_SIGNER = "0x0000000000000000000000000000000000000000";

/**
 * The blocks topic's validation rules (specs/protocol/rollup-node-p2p.md, "Block validation"), in the order that
 * costs a flooder most and us least: size, time (old blocks are signed well and cost nothing to send again),
 * signature, encoding, hash, duplicates.
 */
export class BlockValidator {
  readonly #seen = new Map<number, Set<Hex>>();
  readonly #chainId: number;
  readonly #unsafeBlockSigner: () => Hex;
  readonly #previousBlockSigner: () => Hex | null;
  readonly #hashOf: (payload: ExecutionPayload) => Hex;
  readonly #now: () => number;

  constructor(
    options: { readonly chainId: number },
    dependencies: {
      /** The signer that SystemConfig names at present. */
      readonly unsafeBlockSigner: () => Hex;
      /** The one before, as long as its blocks are still taken. */
      readonly previousBlockSigner?: () => Hex | null;
      /** Block hash computed from the payload's contents. */
      readonly hashOf: (payload: ExecutionPayload) => Hex;
      /** Unix time in seconds, of the chain's clock. */
      readonly now: () => number;
    },
  ) {
    this.#chainId = options.chainId;
    this.#unsafeBlockSigner = dependencies.unsafeBlockSigner;
    this.#previousBlockSigner = dependencies.previousBlockSigner ?? (() => null);
    this.#hashOf = dependencies.hashOf;
    this.#now = dependencies.now;
  }

  validate(data: Uint8Array): BlockVerdict {
    const expected = this.#unsafeBlockSigner().toLowerCase();
    // The L1 has not told yet: nothing can be judged, and nobody is to blame.
    if (expected === NO_SIGNER) return { verdict: "ignore", reason: "the unsafe block signer is not known yet" };
    const reject = (reason: string, offence: boolean) => ({ verdict: "reject", reason, offence }) as const;
    let message: ReturnType<typeof decodeBlockMessage>;
    try {
      const age = this.#now() - timestampOf(data);
      if (age > maxAgeSeconds) return reject(`payload is ${age} s old`, false);
      if (age < -maxAheadSeconds) return reject(`payload is ${-age} s ahead`, false);
      message = decodeBlockMessage(this.#chainId, data);
    } catch (error) {
      if (error instanceof GossipError) return reject(error.message, true);
      throw error;
    }
    const { payload, signer } = message;
    if (signer !== expected && signer !== this.#previousBlockSigner()?.toLowerCase())
      return reject(`signed by ${signer}, which is not the unsafe block signer`, true);
    const hash = this.#hashOf(payload);
    if (hash !== payload.blockHash) {
      return reject(`payload hashes to ${hash} but claims ${payload.blockHash}`, true);
    }
    return this.#remember(payload);
  }

  #remember(payload: ExecutionPayload): BlockVerdict {
    const number = Number(payload.blockNumber);
    const seen = this.#seen.get(number) ?? new Set<Hex>();
    if (seen.has(payload.blockHash)) return { verdict: "ignore", reason: "already seen" };
    if (seen.size >= maxBlocksPerHeight) {
      const reason = `more than ${maxBlocksPerHeight} blocks at height ${number}`;
      return { verdict: "reject", reason, offence: false };
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
