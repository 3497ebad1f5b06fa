import { ByteReader, ByteWriter, bytesToHex, hexToBytes } from "../encoding/bytes.ts";
import { RlpReader, trimZeros } from "../encoding/rlp.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex } from "../types.ts";
import type { SingularBatch, SpanBatch, SpanBatchBlock, SpanBatchChain } from "./batch.ts";
import { Bits } from "./bits.ts";
import type { SplitTransaction } from "./span-transaction.ts";
import { readTransactionData, splitTransaction, writeTransaction, writeTransactionData } from "./span-transaction.ts";

/** Blocks, and transactions in all, that one span batch may hold; also the bytes of one transaction's data. */
export const MAX_SPAN_BATCH_ELEMENTS = 10_000_000;

/**
 * prefix = rel_timestamp ++ l1_origin_num ++ parent_check ++ l1_origin_check
 * payload = block_count ++ origin_bits ++ block_tx_counts ++ txs
 * txs = contract_creation_bits ++ y_parity_bits ++ tx_sigs ++ tx_tos ++ tx_datas ++ tx_nonces ++ tx_gases ++ protected_bits
 * (specs/protocol/delta/span-batches.md), without the batch type before it.
 */
export function writeSpanBatch(writer: ByteWriter, batch: SpanBatch, chain: Pick<SpanBatchChain, "l2ChainId">): void {
  const { blocks } = batch;
  if (blocks.length === 0) throw malformed("has no blocks");
  writer.uvarint(batch.relativeTimestamp);
  writer.uvarint(batch.lastEpochNumber);
  writer.bytes(hexToBytes(batch.parentCheck));
  writer.bytes(hexToBytes(batch.l1OriginCheck));
  writer.uvarint(blocks.length);
  Bits.from(blocks.map((block) => block.originChanged)).write(writer);
  for (const block of blocks) writer.uvarint(block.transactions.length);
  const transactions: SplitTransaction[] = [];
  for (const block of blocks) {
    for (const raw of block.transactions) transactions.push(splitTransaction(raw, chain.l2ChainId));
  }
  writeTransactions(writer, transactions);
}

function writeTransactions(writer: ByteWriter, transactions: readonly SplitTransaction[]): void {
  Bits.from(transactions.map((transaction) => transaction.to === null)).write(writer);
  Bits.from(transactions.map((transaction) => transaction.yParity)).write(writer);
  for (const { r, s } of transactions) {
    writer.zeros(32 - r.length);
    writer.bytes(r);
    writer.zeros(32 - s.length);
    writer.bytes(s);
  }
  for (const { to } of transactions) if (to !== null) writer.bytes(to);
  for (const transaction of transactions) writeTransactionData(writer, transaction);
  for (const { nonce } of transactions) writer.uvarint(nonce);
  for (const { gas } of transactions) writer.uvarint(gas);
  const legacy = transactions.filter((transaction) => transaction.type === 0);
  Bits.from(legacy.map((transaction) => transaction.protected)).write(writer);
}

/**
 * Joins singular batches of consecutive blocks. `firstOriginChanged` tells whether the first starts an epoch.
 * The rest of the codec takes them on trust: gaps would come out as other timestamps.
 * @throws ProtocolError `MALFORMED_BATCH` if there are none or they are not consecutive
 */
export function makeSpanBatch(
  batches: readonly SingularBatch[],
  firstOriginChanged: boolean,
  chain: SpanBatchChain,
): SpanBatch {
  const first = batches[0];
  const last = batches.at(-1);
  if (first === undefined || last === undefined) throw malformed("has no blocks");
  const blocks = batches.map((batch, i): SpanBatchBlock => {
    const advance = i === 0 ? 0 : batch.epochNumber - (batches[i - 1] as SingularBatch).epochNumber;
    if (batch.timestamp !== first.timestamp + i * chain.blockTime || advance < 0 || advance > 1) {
      throw malformed("needs consecutive blocks");
    }
    const { timestamp, epochNumber, transactions } = batch;
    return { timestamp, epochNumber, originChanged: i === 0 ? firstOriginChanged : advance === 1, transactions };
  });
  return {
    kind: "span",
    relativeTimestamp: first.timestamp - chain.genesisTime,
    lastEpochNumber: last.epochNumber,
    parentCheck: first.parentHash.slice(0, 42) as Hex,
    l1OriginCheck: last.epochHash.slice(0, 42) as Hex,
    blocks,
  };
}

/**
 * Reads a span batch and restores its transactions. Bytes after it are ignored, as in every implementation.
 * @throws ProtocolError `MALFORMED_BATCH` or `MALFORMED_RLP`
 */
export function readSpanBatch(data: Uint8Array, chain: SpanBatchChain): SpanBatch {
  const reader = new ByteReader(data, "MALFORMED_BATCH");
  const relativeTimestamp = reader.uvarint();
  const lastEpochNumber = reader.uvarint();
  const parentCheck = bytesToHex(reader.bytes(20));
  const l1OriginCheck = bytesToHex(reader.bytes(20));
  const blockCount = count(reader.uvarint());
  if (blockCount === 0) throw malformed("has no blocks");
  const originBits = Bits.read(reader, blockCount);
  const transactionCounts: number[] = [];
  let total = 0;
  for (let i = 0; i < blockCount; i++) {
    const transactionCount = count(reader.uvarint());
    transactionCounts.push(transactionCount);
    total += transactionCount;
  }
  const transactions = readTransactions(reader, count(total), data, chain.l2ChainId);

  // Timestamps are 64-bit sums that wrap around, as in Go: a huge relative timestamp can mean a past one.
  const start = Number(BigInt.asUintN(64, BigInt(chain.genesisTime) + BigInt(relativeTimestamp)));
  const epochs = new Array<number>(blockCount);
  let epoch = Number(lastEpochNumber);
  for (let i = blockCount - 1; i >= 0; i--) {
    epochs[i] = epoch;
    if (i > 0 && originBits.get(i)) epoch = epoch === 0 ? 2 ** 64 : epoch - 1;
  }
  const blocks: SpanBatchBlock[] = [];
  for (let i = 0, next = 0; i < blockCount; i++) {
    const end = next + (transactionCounts[i] as number);
    blocks.push({
      timestamp: start + chain.blockTime * i,
      epochNumber: epochs[i] as number,
      originChanged: originBits.get(i),
      transactions: transactions.slice(next, end),
    });
    next = end;
  }
  return { kind: "span", relativeTimestamp, lastEpochNumber, parentCheck, l1OriginCheck, blocks };
}

function readTransactions(reader: ByteReader, total: number, data: Uint8Array, chainId: number): Uint8Array[] {
  const creation = Bits.read(reader, total);
  const parity = Bits.read(reader, total);
  const signatures = reader.bytes(total * 64);
  let recipients = total;
  for (let i = 0; i < total; i++) if (creation.get(i)) recipients--;
  const tos = reader.bytes(recipients * 20);
  const payloads: { readonly type: number; readonly items: Uint8Array[] }[] = [];
  let legacyCount = 0;
  for (let i = 0; i < total; i++) {
    const payload = readTransactionData(transactionDataAt(reader, data));
    if (payload.type === 0) legacyCount++;
    payloads.push(payload);
  }
  const nonces = Array.from({ length: total }, () => reader.uvarint());
  const gases = Array.from({ length: total }, () => reader.uvarint());
  const protectedBits = Bits.read(reader, legacyCount);

  const writer = new ByteWriter(data.length + total * 16);
  const ends: number[] = [];
  let nextTo = 0;
  let nextLegacy = 0;
  for (const [i, { type, items }] of payloads.entries()) {
    const to = creation.get(i) ? null : tos.subarray(nextTo, nextTo + 20);
    if (to !== null) nextTo += 20;
    const signature = signatures.subarray(i * 64, i * 64 + 64);
    const transaction = {
      type,
      items,
      nonce: nonces[i] as number | bigint,
      gas: gases[i] as number | bigint,
      to,
      yParity: parity.get(i),
      protected: type !== 0 || protectedBits.get(nextLegacy++),
      r: trimZeros(signature.subarray(0, 32)),
      s: trimZeros(signature.subarray(32)),
    };
    writeTransaction(writer, transaction, chainId);
    ends.push(writer.length);
  }
  return ends.map((end, i) => writer.slice(i === 0 ? 0 : (ends[i - 1] as number), end));
}

/** Takes one `tx_data` entry, whose length only its RLP header tells. */
function transactionDataAt(reader: ByteReader, data: Uint8Array): Uint8Array {
  const start = reader.position;
  const typed = reader.u8() < 0x80;
  const rlp = new RlpReader(data, typed ? start + 1 : start);
  if (!rlp.nextIsList) throw malformed("holds a transaction that is no list");
  const length = rlp.raw().length;
  if (length > MAX_SPAN_BATCH_ELEMENTS) throw malformed("holds a transaction that is too large");
  const end = rlp.position;
  reader.bytes(end - reader.position);
  return data.subarray(start, end);
}

function count(value: number | bigint): number {
  if (value > MAX_SPAN_BATCH_ELEMENTS) throw malformed("counts more elements than allowed");
  return Number(value);
}

function malformed(problem: string): ProtocolError {
  return new ProtocolError("MALFORMED_BATCH", `span batch ${problem}`);
}
