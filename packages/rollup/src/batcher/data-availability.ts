import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import type { Hex } from "@altlayer/engine";
import { encodeBlob, encodeFrames, FRAME_OVERHEAD, type Frame, MAX_BLOB_DATA_SIZE } from "@altlayer/protocol";
import { bytesToHex } from "viem/utils";

export type DataAvailability = "calldata" | "blobs";

/** One L1 transaction's worth of a channel. */
export interface BatcherTransaction {
  readonly data: Hex;
  readonly blobs: readonly Uint8Array[];
}

export interface PackingLimits {
  readonly maxCalldataBytes: number;
  readonly maxBlobsPerTransaction: number;
}

/** The version byte before the frames of a transaction or blob. */
const VERSION_BYTE = 1;
const BROTLI_QUALITY = 6;

/** Bytes of a frame with its overhead, so that it fills a transaction or a blob. */
export function frameSize(kind: DataAvailability, limits: PackingLimits): number {
  return (kind === "calldata" ? limits.maxCalldataBytes : MAX_BLOB_DATA_SIZE) - VERSION_BYTE;
}

/** Packs a channel's frames into L1 transactions, in the order in which they must be included. */
export function packFrames(
  frames: readonly Frame[],
  kind: DataAvailability,
  limits: PackingLimits,
): BatcherTransaction[] {
  const units = frames.map((frame) => encodeFrames([frame]));
  if (kind === "calldata") return units.map((unit) => ({ data: bytesToHex(unit), blobs: [] }));
  const transactions: BatcherTransaction[] = [];
  for (let from = 0; from < units.length; from += limits.maxBlobsPerTransaction) {
    transactions.push({ data: "0x", blobs: units.slice(from, from + limits.maxBlobsPerTransaction).map(encodeBlob) });
  }
  return transactions;
}

/** Brotli, as Fjord allows it: at genesis on every chain that we sequence. */
export function compressContent(content: Uint8Array): Promise<Uint8Array> {
  return promisify(brotliCompress)(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
}

const BLOB_GAS = 131_072n;
const TRANSACTION_GAS = 21_000n;
/** EIP-7623: a byte that is not zero costs at least this much in a transaction that does nothing else. */
const CALLDATA_BYTE_GAS = 40n;

/** Which way a channel of that size costs less on the L1. Compressed data has next to no zero bytes. */
export function cheaper(
  channelBytes: number,
  prices: { readonly baseFee: bigint; readonly blobBaseFee: bigint },
  limits: PackingLimits,
): DataAvailability {
  const bytes = BigInt(channelBytes);
  const up = (value: bigint, by: bigint) => (value + by - 1n) / by;
  const blobs = up(bytes, BigInt(MAX_BLOB_DATA_SIZE - VERSION_BYTE - FRAME_OVERHEAD));
  const blobTransactions = up(blobs, BigInt(limits.maxBlobsPerTransaction));
  const byBlobs = blobs * BLOB_GAS * prices.blobBaseFee + blobTransactions * TRANSACTION_GAS * prices.baseFee;
  const transactions = up(bytes, BigInt(limits.maxCalldataBytes));
  const byCalldata = (bytes * CALLDATA_BYTE_GAS + transactions * TRANSACTION_GAS) * prices.baseFee;
  return byCalldata <= byBlobs ? "calldata" : "blobs";
}
