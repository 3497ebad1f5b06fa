import { createHash } from "node:crypto";
import { addon } from "./native/addon.ts";
import { plain, typed, typedSync } from "./native/typed.ts";

/** EIP-4844 and EIP-7594 over Ethereum's trusted setup. Bytes in, bytes out. */
export interface Kzg {
  /** 48 bytes for a blob of 131,072 bytes. Computed off the main thread, as all that returns a promise. */
  commit(blob: Uint8Array): Promise<Uint8Array>;
  /** EIP-4844 proof of the blob under its commitment. */
  prove(blob: Uint8Array, commitment: Uint8Array): Promise<Uint8Array>;
  /** EIP-7594: 128 proofs of 48 bytes, one after the other. */
  proveCells(blob: Uint8Array): Promise<Uint8Array>;
  verify(blob: Uint8Array, commitment: Uint8Array, proof: Uint8Array): boolean;
  verifyCells(blob: Uint8Array, commitment: Uint8Array, proofs: Uint8Array): boolean;
  /** 0x01 and the last 31 bytes of the commitment's SHA-256. */
  versionedHash(commitment: Uint8Array): Uint8Array;
  /** viem's `Kzg`: the same on the calling thread, tens of milliseconds each. */
  blobToKzgCommitment(blob: Uint8Array): Uint8Array;
  computeBlobKzgProof(blob: Uint8Array, commitment: Uint8Array): Uint8Array;
}

/**
 * @throws EngineError with `KZG_LENGTH` for input of a wrong size, `KZG_INVALID` for one that is no blob or no point.
 * @example const commitment = await kzg.commit(blob);
 */
export const kzg: Kzg = {
  commit: (blob) => typed(() => addon().kzgCommit(blob)),
  prove: (blob, commitment) => typed(() => addon().kzgProve(blob, commitment)),
  proveCells: (blob) => typed(() => addon().kzgProveCells(blob)),
  verify: (blob, commitment, proof) => typedSync(() => addon().kzgVerifySync(blob, commitment, proof)),
  verifyCells: (blob, commitment, proofs) => typedSync(() => addon().kzgVerifyCellsSync(blob, commitment, proofs)),
  versionedHash: (commitment) => {
    const hash = createHash("sha256").update(commitment).digest();
    hash[0] = 1;
    return Uint8Array.from(hash);
  },
  blobToKzgCommitment: (blob) => typedSync(() => plain(addon().kzgCommitSync(blob))),
  computeBlobKzgProof: (blob, commitment) => typedSync(() => plain(addon().kzgProveSync(blob, commitment))),
};
