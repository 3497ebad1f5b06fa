import { createHash } from "node:crypto";
import type { Hex } from "@altlayer/engine";
import { bytesToHex } from "viem/utils";

/** EIP-4844's polynomial commitments, by whoever computes them (native code on the engine's threads). */
export interface Kzg {
  /** 48 bytes for a blob of 131,072 bytes; rejects for a blob with a field element out of range. */
  commit(blob: Uint8Array): Promise<Uint8Array>;
  prove(blob: Uint8Array, commitment: Uint8Array): Promise<Uint8Array>;
}

export const BLOB_BYTES = 131_072;

/** EIP-4844: 0x01, then the last 31 bytes of the commitment's SHA-256. */
export function versionedHash(commitment: Uint8Array): Hex {
  const digest = createHash("sha256").update(commitment).digest();
  digest[0] = 0x01;
  return bytesToHex(digest);
}
