import { type Hex, keccak256 } from "@altlayer/engine";
import { bytesToHex, concatBytes, hexToBytes, numberToHex, toRlp } from "viem/utils";
import { RollupError } from "../errors.ts";
import type { L1Receipt, L1RpcTransaction } from "./schemas.ts";

type Item = Hex | readonly Item[];

const DEPOSIT_TYPE = 0x7e;
const quantity = (value: bigint | number | null | undefined): Hex =>
  value === undefined || value === null || BigInt(value) === 0n ? "0x" : numberToHex(value);
/** `numberToHex` may give an odd number of digits; RLP wants whole bytes. */
const even = (hex: Hex): Hex => (hex.length % 2 === 0 ? hex : `0x0${hex.slice(2)}`);
const integer = (value: bigint | number | null | undefined): Hex => even(quantity(value));
const rlp = (items: readonly Item[]): Uint8Array => toRlp(items as Parameters<typeof toRlp>[0], "bytes") as Uint8Array;

const accessListItems = (tx: L1RpcTransaction): Item =>
  (tx.accessList ?? []).map((entry) => [entry.address, entry.storageKeys]);

/** EIP-2718 bytes of a mined transaction, rebuilt from its JSON-RPC form. */
export function encodeTransaction(tx: L1RpcTransaction): Uint8Array {
  const to: Hex = tx.to ?? "0x";
  const parity = integer(tx.yParity ?? tx.v);
  const signature = [parity, integer(tx.r), integer(tx.s)];
  switch (tx.type) {
    case 0:
      return rlp([
        integer(tx.nonce),
        integer(tx.gasPrice),
        integer(tx.gas),
        to,
        integer(tx.value),
        tx.input,
        integer(tx.v),
        integer(tx.r),
        integer(tx.s),
      ]);
    case 1:
      return typed(1, [
        integer(tx.chainId),
        integer(tx.nonce),
        integer(tx.gasPrice),
        integer(tx.gas),
        to,
        integer(tx.value),
        tx.input,
        accessListItems(tx),
        ...signature,
      ]);
    case 2:
      return typed(2, [...dynamicFeeItems(tx), ...signature]);
    case 3:
      return typed(3, [
        ...dynamicFeeItems(tx),
        integer(tx.maxFeePerBlobGas),
        tx.blobVersionedHashes ?? [],
        ...signature,
      ]);
    case 4:
      return typed(4, [
        ...dynamicFeeItems(tx),
        (tx.authorizationList ?? []).map((entry) => [
          integer(entry.chainId),
          entry.address,
          integer(entry.nonce),
          integer(entry.yParity),
          integer(entry.r),
          integer(entry.s),
        ]),
        ...signature,
      ]);
    case DEPOSIT_TYPE: {
      const flag: Hex = tx.isSystemTx ? "0x01" : "0x";
      const source: Hex = tx.sourceHash ?? "0x";
      return typed(DEPOSIT_TYPE, [
        source,
        tx.from,
        to,
        integer(tx.mint),
        integer(tx.value),
        integer(tx.gas),
        flag,
        tx.input,
      ]);
    }
    default:
      throw new RollupError("L1_UNSUPPORTED_TRANSACTION", `transaction type ${tx.type} of the L1 is not known`, {
        severity: "critical",
        data: { type: tx.type, hash: tx.hash },
      });
  }
}

/** The bytes that a transaction's sender signed; `null` for deposits, which nobody signs. */
export function signingHash(tx: L1RpcTransaction): Hex | null {
  if (tx.type === DEPOSIT_TYPE) return null;
  if (tx.type === 0) {
    const to: Hex = tx.to ?? "0x";
    const v = tx.v ?? 0n;
    const items: Item[] = [integer(tx.nonce), integer(tx.gasPrice), integer(tx.gas), to, integer(tx.value), tx.input];
    // EIP-155: v of 35 and more says which chain was signed for.
    if (v >= 35n) items.push(integer((v - 35n) / 2n), "0x", "0x");
    return bytesToHex(keccak256(rlp(items)));
  }
  const unsigned: Item[] = [];
  switch (tx.type) {
    case 1:
      unsigned.push(
        integer(tx.chainId),
        integer(tx.nonce),
        integer(tx.gasPrice),
        integer(tx.gas),
        tx.to ?? "0x",
        integer(tx.value),
        tx.input,
        accessListItems(tx),
      );
      break;
    case 2:
      unsigned.push(...dynamicFeeItems(tx));
      break;
    case 3:
      unsigned.push(...dynamicFeeItems(tx), integer(tx.maxFeePerBlobGas), tx.blobVersionedHashes ?? []);
      break;
    default:
      // The specification lets the batcher send types 0 to 3 only (derivation.md, "Batcher transaction format").
      return null;
  }
  return bytesToHex(keccak256(typed(tx.type, unsigned)));
}

function dynamicFeeItems(tx: L1RpcTransaction): Item[] {
  return [
    integer(tx.chainId),
    integer(tx.nonce),
    integer(tx.maxPriorityFeePerGas),
    integer(tx.maxFeePerGas),
    integer(tx.gas),
    tx.to ?? "0x",
    integer(tx.value),
    tx.input,
    accessListItems(tx),
  ];
}

/** EIP-2718 bytes of a receipt, with the two fields of OP deposits where the L1 is an OP Stack chain. */
export function encodeReceipt(receipt: L1Receipt): Uint8Array {
  const outcome: Hex = receipt.root ?? integer(receipt.status ?? 0);
  const items: Item[] = [
    outcome,
    integer(receipt.cumulativeGasUsed),
    receipt.logsBloom,
    receipt.logs.map((log) => [log.address, log.topics, log.data]),
  ];
  if (receipt.type === DEPOSIT_TYPE && receipt.depositNonce !== undefined && receipt.depositNonce !== null) {
    // Canyon put the nonce into the receipt's hash, and the version says so.
    if (receipt.depositReceiptVersion !== undefined && receipt.depositReceiptVersion !== null) {
      items.push(integer(receipt.depositNonce), integer(receipt.depositReceiptVersion));
    }
  }
  return receipt.type === 0 ? rlp(items) : typed(receipt.type, items);
}

function typed(type: number, items: readonly Item[]): Uint8Array {
  return concatBytes([Uint8Array.of(type), rlp(items)]);
}

export function bytesOf(hex: Hex): Uint8Array {
  return hexToBytes(hex);
}

/** A blob transaction out of its network form (EIP-4844, "Networking"), whose first item it is. */
export function withoutSidecar(raw: Hex): Hex {
  const at = 4 + listHeaderDigits(raw, 4);
  return `0x03${raw.slice(at, at + listDigits(raw, at))}`;
}

function listHeaderDigits(raw: Hex, at: number): number {
  const prefix = Number.parseInt(raw.slice(at, at + 2), 16);
  return prefix <= 0xf7 ? 2 : 2 + (prefix - 0xf7) * 2;
}

function listDigits(raw: Hex, at: number): number {
  const prefix = Number.parseInt(raw.slice(at, at + 2), 16);
  if (prefix <= 0xf7) return 2 + (prefix - 0xc0) * 2;
  const header = listHeaderDigits(raw, at);
  return header + Number.parseInt(raw.slice(at + 2, at + header), 16) * 2;
}
