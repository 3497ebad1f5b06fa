import type { Hex } from "@altlayer/engine";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hexToBytes, keccak256 } from "viem/utils";
import { signingHash } from "./encoding.ts";
import type { L1RpcTransaction } from "./schemas.ts";

/** Who signed a transaction, from its signature alone; `null` if nobody validly did. A server's `from` is not asked. */
export function recoverSender(tx: L1RpcTransaction): Hex | null {
  const digest = signingHash(tx);
  if (digest === null || tx.r === undefined || tx.s === undefined) return null;
  const v = tx.v ?? tx.yParity;
  const parity = tx.type === 0 ? legacyParity(v) : Number(tx.yParity ?? tx.v ?? 2n);
  if (parity !== 0 && parity !== 1) return null;
  try {
    const point = new secp256k1.Signature(tx.r, tx.s, parity).recoverPublicKey(hexToBytes(digest)).toBytes(false);
    return `0x${keccak256(point.subarray(1)).slice(26)}`;
  } catch {
    return null; // r or s out of range, or no such point
  }
}

function legacyParity(v: bigint | undefined): number {
  if (v === undefined) return 2;
  if (v === 27n || v === 28n) return Number(v - 27n);
  return v >= 35n ? Number((v - 35n) % 2n) : 2;
}
