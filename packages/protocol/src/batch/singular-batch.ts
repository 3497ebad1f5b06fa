import type { ByteWriter } from "../encoding/bytes.ts";
import { bytesToHex, hexToBytes } from "../encoding/bytes.ts";
import {
  headerSize,
  RlpReader,
  stringSize,
  uintSize,
  writeListHeader,
  writeString,
  writeUint,
} from "../encoding/rlp.ts";
import type { SingularBatch } from "./batch.ts";

const HASH_SIZE = 33;

/** rlp([parentHash, epochNumber, epochHash, timestamp, transactions]), without the batch type before it. */
export function writeSingularBatch(writer: ByteWriter, batch: SingularBatch): void {
  let transactionsLength = 0;
  for (const transaction of batch.transactions) transactionsLength += stringSize(transaction);
  const length =
    2 * HASH_SIZE +
    uintSize(batch.epochNumber) +
    uintSize(batch.timestamp) +
    headerSize(transactionsLength) +
    transactionsLength;
  writeListHeader(writer, length);
  writeString(writer, hexToBytes(batch.parentHash));
  writeUint(writer, batch.epochNumber);
  writeString(writer, hexToBytes(batch.epochHash));
  writeUint(writer, batch.timestamp);
  writeListHeader(writer, transactionsLength);
  for (const transaction of batch.transactions) writeString(writer, transaction);
}

/**
 * Bytes after the list are ignored, as in every implementation. Numbers above 2^53 lose precision, which cannot make
 * such a batch valid.
 */
export function readSingularBatch(data: Uint8Array): SingularBatch {
  const list = new RlpReader(data).list();
  const parentHash = bytesToHex(list.fixed(32));
  const epochNumber = Number(list.uint(8));
  const epochHash = bytesToHex(list.fixed(32));
  const timestamp = Number(list.uint(8));
  const inner = list.list();
  const transactions: Uint8Array[] = [];
  while (!inner.done) transactions.push(inner.string());
  list.finish();
  return { kind: "singular", parentHash, epochNumber, epochHash, timestamp, transactions };
}
