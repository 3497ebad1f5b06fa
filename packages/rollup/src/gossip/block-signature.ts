import { type Hex, keccak256, secp256k1 } from "@altlayer/engine";
import { GossipError } from "./errors.ts";

/** Signs a gossiped payload; the key may live elsewhere. Returns r (32), s (32), recovery id (1). */
export interface BlockSigner {
  sign(digest: Uint8Array): Promise<Uint8Array>;
}

/**
 * What the sequencer signs: keccak256(domain | chain id | keccak256(payload)), domain zero
 * (specs/protocol/rollup-node-p2p.md, "Block signatures").
 */
export function blockSigningDigest(chainId: number, payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(96);
  new DataView(message.buffer).setBigUint64(56, BigInt(chainId));
  message.set(keccak256(payload), 64);
  return keccak256(message);
}

/** A signer over a private key held in this process. */
export function localBlockSigner(privateKey: Uint8Array): BlockSigner {
  return {
    async sign(digest) {
      return secp256k1.sign(privateKey, digest);
    },
  };
}

/** Address that made the signature over that digest; a malformed one is a typed error. */
export function recoverBlockSigner(digest: Uint8Array, signature: Uint8Array): Hex {
  const recovery = signature[64];
  if (signature.length !== 65 || recovery === undefined || recovery > 1) {
    throw new GossipError("signature-invalid", "block signature is not r, s and a recovery id of 0 or 1");
  }
  try {
    return `0x${Buffer.from(secp256k1.recover(digest, signature)).toString("hex")}`;
  } catch (cause) {
    throw new GossipError("signature-invalid", "block signature recovers to no key", { cause });
  }
}
