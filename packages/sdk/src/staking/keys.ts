import { type Address, bytesToHex, concat, type Hex, hexToBytes, stringToBytes } from "viem";

/** What is used of the engine's `bn254`. Points are bytes in the order of the EVM's precompiles. */
export interface KeyMaker {
  deriveSecret(seed: Uint8Array, info: Uint8Array): Uint8Array;
  publicKeys(secret: Uint8Array): { readonly g1: Uint8Array; readonly g2: Uint8Array };
  sign(secret: Uint8Array, digest: Uint8Array): Uint8Array;
}

/** An operator set on one L1. */
export interface OperatorSetId {
  readonly l1ChainId: number;
  readonly avs: Address;
  readonly operatorSetId: number;
}

/** A key registration: what KeyRegistrar takes as `keyData` (G1, then G2, 192 bytes) and as proof (G1, 64 bytes). */
export interface KeyProof {
  readonly keyData: Hex;
  readonly proof: Hex;
}

/**
 * Tells the keys of one seed apart: KeyRegistrar burns a key for ever, so each set has its own.
 * @returns the `info` of `deriveSecret`.
 */
export function keyInfo({ l1ChainId, avs, operatorSetId }: OperatorSetId): Uint8Array {
  return stringToBytes(`altlayer/mach/${l1ChainId}/${avs.toLowerCase()}/${operatorSetId}`);
}

export function keyDataOf(keys: { readonly g1: Uint8Array; readonly g2: Uint8Array }): Hex {
  return concat([bytesToHex(keys.g1), bytesToHex(keys.g2)]);
}

/** Signs KeyRegistrar's message with the key that it is about. */
export function proveKey(secret: Uint8Array, digest: Hex, keys: KeyMaker): Hex {
  return bytesToHex(keys.sign(secret, hexToBytes(digest)));
}
