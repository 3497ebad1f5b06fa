import { ByteWriter, bytesToHex, EMPTY_BYTES, hexToBytes } from "../encoding/bytes.ts";
import { RlpReader, stringSize, uintSize, writeListHeader, writeString, writeUint } from "../encoding/rlp.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex } from "../types.ts";

export const DEPOSIT_TRANSACTION_TYPE = 0x7e;

/** The deposited transaction type (specs/protocol/deposits.md, "The Deposited Transaction Type"). */
export interface DepositTransaction {
  readonly sourceHash: Hex;
  readonly from: Hex;
  /** `null` creates a contract. */
  readonly to: Hex | null;
  /** ETH created on L2 before execution; zero and none are encoded alike. */
  readonly mint: bigint;
  readonly value: bigint;
  /** A full 64-bit value, since it comes from an L1 user. */
  readonly gas: bigint;
  readonly isSystemTransaction: boolean;
  readonly data: Hex;
}

export function isDepositTransaction(raw: Hex): boolean {
  return raw.startsWith("0x7e");
}

/** 0x7e ++ rlp([sourceHash, from, to, mint, value, gas, isSystemTransaction, data]) */
export function encodeDepositTransaction(deposit: DepositTransaction): Uint8Array {
  const sourceHash = hexToBytes(deposit.sourceHash);
  const from = hexToBytes(deposit.from);
  const to = deposit.to === null ? EMPTY_BYTES : hexToBytes(deposit.to);
  const data = hexToBytes(deposit.data);
  const system = deposit.isSystemTransaction ? 1 : 0;
  const length =
    stringSize(sourceHash) +
    stringSize(from) +
    stringSize(to) +
    uintSize(deposit.mint) +
    uintSize(deposit.value) +
    uintSize(deposit.gas) +
    1 +
    stringSize(data);
  const writer = new ByteWriter(length + 10);
  writer.u8(DEPOSIT_TRANSACTION_TYPE);
  writeListHeader(writer, length);
  writeString(writer, sourceHash);
  writeString(writer, from);
  writeString(writer, to);
  writeUint(writer, deposit.mint);
  writeUint(writer, deposit.value);
  writeUint(writer, deposit.gas);
  writeUint(writer, system);
  writeString(writer, data);
  return writer.finish();
}

/** @throws ProtocolError `MALFORMED_DEPOSIT` or `MALFORMED_RLP` */
export function decodeDepositTransaction(raw: Uint8Array): DepositTransaction {
  if (raw[0] !== DEPOSIT_TRANSACTION_TYPE) {
    throw new ProtocolError("MALFORMED_DEPOSIT", "not a deposit transaction", { type: raw[0] ?? null });
  }
  const outer = new RlpReader(raw, 1);
  const list = outer.list();
  outer.finish();
  const sourceHash = bytesToHex(list.fixed(32));
  const from = bytesToHex(list.fixed(20));
  const to = list.string();
  if (to.length !== 0 && to.length !== 20)
    throw new ProtocolError("MALFORMED_DEPOSIT", "recipient is neither empty nor 20 bytes");
  const mint = list.uint(32);
  const value = list.uint(32);
  const gas = list.uint(8);
  const system = list.uint(1);
  if (system > 1n) throw new ProtocolError("MALFORMED_DEPOSIT", "system flag is neither 0 nor 1");
  const data = bytesToHex(list.string());
  list.finish();
  return {
    sourceHash,
    from,
    to: to.length === 0 ? null : bytesToHex(to),
    mint,
    value,
    gas,
    isSystemTransaction: system === 1n,
    data,
  };
}
