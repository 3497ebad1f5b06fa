import type { SingularBatch, SpanBatch, SpanBatchBlock } from "../batch/batch.ts";
import { derivationParameters } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { equalBytes, hexToBytes } from "../encoding/bytes.ts";
import { DEPOSIT_TRANSACTION_TYPE, isDepositTransaction } from "../l1/deposit-transaction.ts";
import { l2BlockRefFromPayload } from "../l1/l2-payload.ts";
import type { L1BlockRef, L2BlockRef, PayloadView } from "../types.ts";
import type { NeedL2Block } from "./pull.ts";

const SET_CODE_TRANSACTION_TYPE = 4;

/**
 * `drop`: invalid for good. `undecided`: more L1 blocks are needed. `future`: to be checked again after the blocks
 * between (before Holocene). `past`: of blocks that are safe already (from Holocene on; before, such are dropped).
 */
export type BatchValidity = "drop" | "accept" | "undecided" | "future" | "past";

/** What a batch is judged by (specs/protocol/derivation.md, "Batch Queue"). */
export interface BatchContext {
  readonly config: RollupConfig;
  /** Consecutive L1 blocks from the safe head's origin (or the one after) on. */
  readonly l1Blocks: readonly L1BlockRef[];
  readonly safeHead: L2BlockRef;
  /** The L1 block by which the batch was complete. */
  readonly includedIn: L1BlockRef;
}

/** Finds blocks of the safe chain; a need where they are not at hand. */
export type L2Lookup = (number: number) => PayloadView | NeedL2Block;

export function checkSingularBatch(batch: SingularBatch, context: BatchContext): BatchValidity {
  const { config, l1Blocks, safeHead, includedIn } = context;
  const epoch = l1Blocks[0];
  if (epoch === undefined) return "undecided";
  const strict = isStrict(context);
  const nextTimestamp = safeHead.timestamp + config.blockTime;
  if (batch.timestamp > nextTimestamp) return strict ? "drop" : "future";
  if (batch.timestamp < nextTimestamp) return strict ? "past" : "drop";
  if (batch.parentHash !== safeHead.hash) return "drop";
  if (batch.epochNumber + config.seqWindowSize < includedIn.number) return "drop";

  if (batch.epochNumber !== epoch.number && batch.epochNumber !== epoch.number + 1) return "drop";
  const origin = l1Blocks[batch.epochNumber - epoch.number];
  // Whether the next epoch is right cannot be told before its L1 block is there.
  if (origin === undefined) return "undecided";
  if (batch.epochHash !== origin.hash) return "drop";
  const drift = checkTimes(batch, { config, origin, nextOrigin: l1Blocks[1], sameEpoch: origin === epoch });
  return drift === "accept" ? checkTransactions(batch.transactions) : drift;
}

/**
 * The L2 block stays at or after its L1 origin in time, and ahead of it at most by the sequencer drift; beyond that
 * only empty blocks pass, and only while the next origin is not reached yet.
 */
function checkTimes(
  block: { readonly timestamp: number; readonly transactions: readonly Uint8Array[] },
  at: { config: RollupConfig; origin: L1BlockRef; nextOrigin: L1BlockRef | undefined; sameEpoch: boolean },
): BatchValidity {
  const { origin, nextOrigin } = at;
  if (block.timestamp < origin.timestamp) return "drop";
  const { maxSequencerDrift } = derivationParameters(at.config, origin.timestamp);
  if (block.timestamp <= origin.timestamp + maxSequencerDrift) return "accept";
  if (block.transactions.length > 0) return "drop";
  if (!at.sameEpoch) return "accept";
  if (nextOrigin === undefined) return "undecided";
  return block.timestamp >= nextOrigin.timestamp ? "drop" : "accept";
}

function checkTransactions(transactions: readonly Uint8Array[]): BatchValidity {
  for (const transaction of transactions) {
    const type = transaction[0];
    // Nothing at all; a deposit, which only the L1 makes; or set-code, which begins with Isthmus.
    if (type === undefined || type === DEPOSIT_TRANSACTION_TYPE || type === SET_CODE_TRANSACTION_TYPE) return "drop";
  }
  return "accept";
}

/** The checks on a span batch as a whole (specs/protocol/holocene/derivation.md, "Span Batches"). */
export function checkSpanBatchPrefix(
  batch: SpanBatch,
  context: BatchContext,
  lookup: L2Lookup,
): { readonly validity: BatchValidity; readonly parent: L2BlockRef | null } | NeedL2Block {
  const { config, l1Blocks, safeHead, includedIn } = context;
  const decided = (validity: BatchValidity, parent: L2BlockRef | null = null) => ({ validity, parent });
  const epoch = l1Blocks[0];
  if (epoch === undefined) return decided("undecided");
  const strict = isStrict(context);
  const first = batch.blocks[0] as SpanBatchBlock;
  const last = batch.blocks.at(-1) as SpanBatchBlock;
  const origin = first.epochNumber === epoch.number + 1 ? l1Blocks[1] : epoch;
  if (origin === undefined) return decided("undecided");
  if (!derivationParameters(config, origin.timestamp).spanBatches) return decided("drop");

  const nextTimestamp = safeHead.timestamp + config.blockTime;
  if (first.timestamp > nextTimestamp) return decided(strict ? "drop" : "future");
  if (last.timestamp < nextTimestamp) return decided(strict ? "past" : "drop");

  let parent = safeHead;
  if (first.timestamp < nextTimestamp) {
    // The span overlaps the safe chain: its parent is further back, and its blocks must fall on blocks there.
    const behind = safeHead.timestamp - first.timestamp;
    if (behind < 0 || behind % config.blockTime !== 0) return decided("drop");
    const parentNumber = safeHead.number - behind / config.blockTime - 1;
    if (parentNumber < config.genesis.l2.number) return decided("drop");
    const found = lookup(parentNumber);
    if ("kind" in found) return found;
    parent = l2BlockRefFromPayload(config, found);
  }
  if (!parent.hash.startsWith(batch.parentCheck)) return decided("drop", parent);
  if (first.epochNumber + config.seqWindowSize < includedIn.number) return decided("drop", parent);
  if (first.epochNumber > parent.l1Origin.number + 1) return decided("drop", parent);

  const end = l1Blocks[last.epochNumber - epoch.number];
  if (end === undefined) return decided("undecided", parent);
  if (!end.hash.startsWith(batch.l1OriginCheck)) return decided("drop", parent);
  if (first.epochNumber < parent.l1Origin.number) return decided("drop", parent);
  return decided("accept", parent);
}

/** All checks on a span batch, for before Holocene, when it counts as a whole or not at all. */
export function checkSpanBatch(batch: SpanBatch, context: BatchContext, lookup: L2Lookup): BatchValidity | NeedL2Block {
  const prefix = checkSpanBatchPrefix(batch, context, lookup);
  if ("kind" in prefix) return prefix;
  const { parent } = prefix;
  if (prefix.validity !== "accept" || parent === null) return prefix.validity;
  const { config, l1Blocks, safeHead } = context;
  const firstNumber = (l1Blocks[0] as L1BlockRef).number;
  let previousEpoch = parent.l1Origin.number;
  for (const block of batch.blocks) {
    const sameEpoch = block.epochNumber === previousEpoch;
    previousEpoch = block.epochNumber;
    if (block.timestamp <= safeHead.timestamp) continue;
    const origin = l1Blocks[block.epochNumber - firstNumber];
    // Cannot be older than the safe head's origin, if it extends the safe chain.
    if (origin === undefined) return "drop";
    const nextOrigin = l1Blocks[block.epochNumber - firstNumber + 1];
    const times = checkTimes(block, { config, origin, nextOrigin, sameEpoch });
    if (times !== "accept") return times;
    if (checkTransactions(block.transactions) !== "accept") return "drop";
  }
  return checkOverlap(batch, parent, context, lookup);
}

/** Blocks of the span that are safe already must be the same as those. */
function checkOverlap(
  batch: SpanBatch,
  parent: L2BlockRef,
  context: BatchContext,
  lookup: L2Lookup,
): BatchValidity | NeedL2Block {
  for (let number = parent.number + 1; number <= context.safeHead.number; number++) {
    const payload = lookup(number);
    if ("kind" in payload) return payload;
    const block = batch.blocks[number - parent.number - 1] as SpanBatchBlock;
    const batched = payload.transactions.filter((transaction) => !isDepositTransaction(transaction));
    if (batched.length !== block.transactions.length) return "drop";
    for (const [i, transaction] of batched.entries()) {
      if (!equalBytes(hexToBytes(transaction), block.transactions[i] as Uint8Array)) return "drop";
    }
    if (l2BlockRefFromPayload(context.config, payload).l1Origin.number !== block.epochNumber) return "drop";
  }
  return "accept";
}

/**
 * The blocks of a span batch after the safe head, as singular batches (their parents are set when they are taken).
 * Null if one has an L1 origin outside the known ones, which makes the span invalid.
 */
export function singularBatchesOf(
  batch: SpanBatch,
  l1Blocks: readonly L1BlockRef[],
  safeHead: L2BlockRef,
): Omit<SingularBatch, "parentHash">[] | null {
  const firstNumber = l1Blocks[0]?.number ?? 0;
  const singular: Omit<SingularBatch, "parentHash">[] = [];
  for (const { timestamp, epochNumber, transactions } of batch.blocks) {
    if (timestamp <= safeHead.timestamp) continue;
    const origin = l1Blocks[epochNumber - firstNumber];
    if (origin === undefined) return null;
    singular.push({ kind: "singular", timestamp, epochNumber, epochHash: origin.hash, transactions });
  }
  return singular;
}

function isStrict({ config, includedIn }: BatchContext): boolean {
  return derivationParameters(config, includedIn.timestamp).strictOrdering;
}
