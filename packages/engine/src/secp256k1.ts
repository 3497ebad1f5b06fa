import { addon } from "./native/addon.ts";
import { plain, typedSync } from "./native/typed.ts";

/** Signatures of Ethereum accounts in native code. */
export interface Secp256k1 {
  /**
   * Signs a digest of 32 bytes with a key of 32, by RFC 6979: the same input gives the same signature.
   * @returns r (32 bytes), s (32, the lower one), recovery id (0 or 1)
   */
  sign(secret: Uint8Array, digest: Uint8Array): Uint8Array;
  /** The address, 20 bytes, whose key made that signature of 65 bytes. */
  recover(digest: Uint8Array, signature: Uint8Array): Uint8Array;
}

/**
 * @throws EngineError with a code `SECP256K1_..` for what is no key, digest or signature
 * @example secp256k1.recover(digest, secp256k1.sign(key, digest)) // the key's address
 */
export const secp256k1: Secp256k1 = {
  sign: (secret, digest) => typedSync(() => plain(addon().secp256k1Sign(secret, digest))),
  recover: (digest, signature) => typedSync(() => plain(addon().secp256k1Recover(digest, signature))),
};
