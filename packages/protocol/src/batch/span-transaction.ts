import type { ByteWriter } from "../encoding/bytes.ts";
import { bytesToBigint } from "../encoding/bytes.ts";
import { RlpReader, stringSize, uintSize, writeListHeader, writeString, writeUint } from "../encoding/rlp.ts";
import { ProtocolError } from "../errors.ts";

/**
 * Takes transactions apart into the columns of a span batch and puts them together again
 * (specs/protocol/delta/span-batches.md, "Span Batch Format"). Field contents are copied as they stand, undecoded.
 */
export interface SplitTransaction {
  /** 0 for legacy transactions. */
  readonly type: number;
  readonly nonce: number | bigint;
  readonly gas: number | bigint;
  /** 20 bytes; `null` creates a contract. */
  readonly to: Uint8Array | null;
  readonly yParity: boolean;
  /** Whether the signature of a legacy transaction covers the chain id (EIP-155). True for typed ones. */
  readonly protected: boolean;
  /** Minimal integers of at most 32 bytes. */
  readonly r: Uint8Array;
  readonly s: Uint8Array;
  /** Encoded RLP items that travel as they are: value, fees, input and (typed) the access list. */
  readonly items: readonly Uint8Array[];
}

/** How many fee fields stand in a transaction: one gas price, or priority fee and fee cap. */
function feeCount(type: number): number {
  return type === 2 ? 2 : 1;
}

/**
 * @throws ProtocolError `MALFORMED_RLP`, or `UNSUPPORTED_TRANSACTION` for what a span batch cannot carry: deposits, blob
 * and later types, and signatures for another chain
 */
export function splitTransaction(raw: Uint8Array, chainId: number): SplitTransaction {
  const first = raw[0];
  if (first === undefined) throw unsupported("an empty transaction", {});
  const type = first >= 0xc0 ? 0 : first;
  if (first < 0xc0 && type !== 1 && type !== 2) throw unsupported(`a transaction of type ${type}`, { type });
  const outer = new RlpReader(raw, type === 0 ? 0 : 1);
  const list = outer.list();
  outer.finish();
  if (type !== 0 && list.uint(8) !== BigInt(chainId)) throw unsupported("a transaction for another chain", { type });
  const nonce = toNumber(list.integer(8));
  const fees = Array.from({ length: feeCount(type) }, () => rawInteger(list));
  const gas = toNumber(list.integer(8));
  const recipient = list.string();
  if (recipient.length !== 0 && recipient.length !== 20) throw unsupported("a recipient of wrong length", { type });
  const value = rawInteger(list);
  const input = rawString(list);
  const items = [value, ...fees, input];
  if (type !== 0) items.push(rawAccessList(list));
  const v = list.uint(8);
  const r = list.integer(32);
  const s = list.integer(32);
  list.finish();
  const common = { type, nonce, gas, to: recipient.length === 0 ? null : recipient, r, s, items };
  if (type !== 0) {
    if (v > 1n) throw unsupported("a y parity that is neither 0 nor 1", { type });
    return { ...common, yParity: v === 1n, protected: true };
  }
  if (v === 27n || v === 28n) return { ...common, yParity: v === 28n, protected: false };
  const parity = v - 35n - 2n * BigInt(chainId);
  if (parity !== 0n && parity !== 1n) throw unsupported("a legacy signature for another chain", { v });
  return { ...common, yParity: parity === 1n, protected: true };
}

/** The `tx_data` column: type byte (typed only) ++ rlp([value, fees..., input, access list (typed only)]). */
export function writeTransactionData(writer: ByteWriter, transaction: SplitTransaction): void {
  let length = 0;
  for (const item of transaction.items) length += item.length;
  if (transaction.type !== 0) writer.u8(transaction.type);
  writeListHeader(writer, length);
  for (const item of transaction.items) writer.bytes(item);
}

/** Reads the items of one `tx_data` entry. @throws ProtocolError `MALFORMED_BATCH` or `MALFORMED_RLP` */
export function readTransactionData(data: Uint8Array): { readonly type: number; readonly items: Uint8Array[] } {
  const first = data[0] as number;
  const type = first >= 0xc0 ? 0 : first;
  if (first < 0xc0 && type !== 1 && type !== 2) {
    throw new ProtocolError("MALFORMED_BATCH", `span batch holds a transaction of type ${type}`, { type });
  }
  const list = new RlpReader(data, type === 0 ? 0 : 1).list();
  const items = [rawInteger(list)];
  for (let i = 0; i < feeCount(type); i++) items.push(rawInteger(list));
  items.push(rawString(list));
  if (type !== 0) items.push(rawAccessList(list));
  list.finish();
  return { type, items };
}

/** Writes the signed transaction. `chainId` restores what the columns leave out. */
export function writeTransaction(writer: ByteWriter, transaction: SplitTransaction, chainId: number): void {
  const { type, items, nonce, gas, to } = transaction;
  const feesEnd = 1 + feeCount(type);
  const v = signatureV(transaction, chainId);
  let length = uintSize(nonce) + uintSize(gas) + (to === null ? 1 : 21) + uintSize(v);
  length += stringSize(transaction.r) + stringSize(transaction.s);
  for (const item of items) length += item.length;
  if (type !== 0) length += uintSize(chainId);

  if (type !== 0) writer.u8(type);
  writeListHeader(writer, length);
  if (type !== 0) writeUint(writer, chainId);
  writeUint(writer, nonce);
  for (let i = 1; i < feesEnd; i++) writer.bytes(items[i] as Uint8Array);
  writeUint(writer, gas);
  if (to === null) {
    writer.u8(0x80);
  } else {
    writer.u8(0x94);
    writer.bytes(to);
  }
  writer.bytes(items[0] as Uint8Array);
  for (let i = feesEnd; i < items.length; i++) writer.bytes(items[i] as Uint8Array);
  writeUint(writer, v);
  writeString(writer, transaction.r);
  writeString(writer, transaction.s);
}

function signatureV(transaction: SplitTransaction, chainId: number): number | bigint {
  const parity = transaction.yParity ? 1 : 0;
  if (transaction.type !== 0) return parity;
  if (!transaction.protected) return 27 + parity;
  const v = chainId * 2 + 35 + parity;
  return Number.isSafeInteger(v) ? v : BigInt(chainId) * 2n + 35n + BigInt(parity);
}

function rawInteger(list: RlpReader): Uint8Array {
  const probe = list.clone();
  probe.integer();
  return list.raw();
}

function rawString(list: RlpReader): Uint8Array {
  if (list.nextIsList) throw new ProtocolError("MALFORMED_RLP", "expected a string, found a list");
  return list.raw();
}

/** Checks the structure [[address, [key, ...]], ...] and takes it as it stands. */
function rawAccessList(list: RlpReader): Uint8Array {
  const entries = list.clone().list();
  while (!entries.done) {
    const entry = entries.list();
    entry.fixed(20);
    const keys = entry.list();
    while (!keys.done) keys.fixed(32);
    entry.finish();
  }
  return list.raw();
}

function toNumber(integer: Uint8Array): number | bigint {
  if (integer.length > 6) {
    const value = bytesToBigint(integer);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }
  let value = 0;
  for (const byte of integer) value = value * 256 + byte;
  return value;
}

function unsupported(what: string, details: Record<string, number | bigint>): ProtocolError {
  return new ProtocolError("UNSUPPORTED_TRANSACTION", `a span batch cannot hold ${what}`, details);
}
