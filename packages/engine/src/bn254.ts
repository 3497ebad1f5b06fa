import { EngineError } from "./errors.ts";
import { addon } from "./native/addon.ts";
import { plain, typedAs, typedSync } from "./native/typed.ts";

/**
 * BLS signatures on BN254, as EigenLayer's KeyRegistrar has them (docs/spec/mach.md, section 7). Points are bytes in the
 * order of the EVM's precompiles: 64 of G1, 128 of G2. Every point that comes in is checked.
 */
export interface Bn254 {
  /** A secret of 32 bytes: one per operator set, told apart by `info`. The seed has at least 32 bytes. */
  deriveSecret(seed: Uint8Array, info: Uint8Array): Uint8Array;
  publicKeys(secret: Uint8Array): { readonly g1: Uint8Array; readonly g2: Uint8Array };
  /** The G1 point of a digest of 32 bytes. */
  hashToCurve(digest: Uint8Array): Uint8Array;
  sign(secret: Uint8Array, digest: Uint8Array): Uint8Array;
  verify(keyG2: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
  /** The contracts' check: of an aggregate too, with the sum of the signers' G1 keys. */
  verifyWithBothKeys(key: Bn254KeyPair, digest: Uint8Array, signature: Uint8Array): boolean;
  /** As `verifyWithBothKeys`, off the main thread. */
  verifyAggregate(key: Bn254KeyPair, digest: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** `null`: the sum is the point at infinity. */
  sumG1(points: readonly Uint8Array[]): Uint8Array | null;
  sumG2(points: readonly Uint8Array[]): Uint8Array | null;
  /** Keys of 128 bytes, checked once: what an aggregator needs of an operator table. */
  keySet(keysG2: readonly Uint8Array[]): Bn254KeySet;
}

/** G2 keys by position. */
export interface Bn254KeySet {
  /** A certificate's aggregate key; `null`: infinity. */
  sum(positions: readonly number[]): Uint8Array | null;
  /**
   * Positions of the wrong ones among signatures of one digest, found off the main thread: all at once, then by halves.
   * Wrong ones that cancel each other pass together, as part of a sum that is right.
   */
  invalidSignatures(digest: Uint8Array, shares: readonly Bn254Share[]): Promise<number[]>;
}

export interface Bn254KeyPair {
  readonly g1: Uint8Array;
  readonly g2: Uint8Array;
}

export interface Bn254Share {
  readonly position: number;
  readonly signature: Uint8Array;
}

/**
 * @throws EngineError with a code `BN254_..` for input that is no point, secret, digest or seed
 * @example bn254.verify(keys.g2, digest, bn254.sign(secret, digest)) // true
 */
export const bn254: Bn254 = {
  deriveSecret: (seed, info) => typedSync(() => plain(addon().bn254DeriveSecret(seed, info))),
  publicKeys: (secret) =>
    typedSync(() => {
      const both = plain(addon().bn254PublicKeys(secret));
      return { g1: both.subarray(0, 64), g2: both.subarray(64) };
    }),
  hashToCurve: (digest) => typedSync(() => plain(addon().bn254HashToCurve(digest))),
  sign: (secret, digest) => typedSync(() => plain(addon().bn254Sign(secret, digest))),
  verify: (keyG2, digest, signature) => typedSync(() => addon().bn254Verify(keyG2, digest, signature)),
  verifyWithBothKeys: ({ g1, g2 }, digest, signature) =>
    typedSync(() => addon().bn254VerifyWithBothKeys(g1, g2, digest, signature)),
  verifyAggregate: ({ g1, g2 }, digest, signature) =>
    typedAs(async () => addon().bn254VerifyAggregate(g1, g2, digest, signature)),
  sumG1: (points) => typedSync(() => orNull(addon().bn254SumG1(joined(points, 64)))),
  sumG2: (points) => typedSync(() => orNull(addon().bn254SumG2(joined(points, 128)))),
  keySet: (keysG2) => {
    const keys = typedSync(() => new (addon().Bn254KeySet)(joined(keysG2, 128)));
    return {
      sum: (positions) => typedSync(() => orNull(keys.sum(positions))),
      invalidSignatures: (digest, shares) =>
        typedAs(async () =>
          keys.invalidSignatures(
            shares.map(({ position }) => position),
            digest,
            joined(
              shares.map(({ signature }) => signature),
              64,
            ),
          ),
        ),
    };
  },
};

function orNull(point: Buffer | null): Uint8Array | null {
  return point === null ? null : plain(point);
}

/** End to end, each of the same size: a short one would shift all that follow. */
function joined(points: readonly Uint8Array[], size: number): Uint8Array {
  const odd = points.find((point) => point.length !== size);
  if (odd === undefined) return Buffer.concat(points);
  throw new EngineError({ code: "BN254_LENGTH", message: `point must have ${size} bytes, found ${odd.length}` });
}
