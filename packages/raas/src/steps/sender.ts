import { keccak256, secp256k1 } from "@altlayer/engine";
import {
  bytesToHex,
  hexToBytes,
  parseTransaction,
  recoverTransactionAddress,
  serializeTransaction,
  type TransactionSerialized,
} from "viem";
import type { Hex } from "../spec/primitives.ts";

/**
 * Who signed a transaction, in lower case. In native code where it has fees of EIP-1559, as all of a deployment have:
 * viem's recovery takes three milliseconds for a contract.
 * @throws what viem throws for what is no signed transaction; EngineError `SECP256K1_..` for a signature of nobody's
 */
export async function senderOf(raw: TransactionSerialized): Promise<Hex> {
  const transaction = parseTransaction(raw);
  if (transaction.type !== "eip1559") {
    return (await recoverTransactionAddress({ serializedTransaction: raw })).toLowerCase() as Hex;
  }
  const {
    r,
    s,
    yParity,
    v: _v,
    ...unsigned
  } = transaction as typeof transaction & {
    readonly r?: Hex;
    readonly s?: Hex;
    readonly yParity?: number;
    readonly v?: bigint;
  };
  const signature = Buffer.alloc(65);
  for (const [i, word] of [r, s].entries()) {
    const bytes = hexToBytes(word ?? "0x");
    signature.set(bytes, 32 * (i + 1) - bytes.length);
  }
  signature.writeUInt8(yParity ?? 0, 64);
  const digest = keccak256(hexToBytes(serializeTransaction(unsigned)));
  return bytesToHex(secp256k1.recover(digest, signature));
}
