import type { Engine, ExecutionPayload } from "@altlayer/engine";
import {
  ALERT_REASONS,
  type AlertReason,
  isDepositTransaction,
  isForkActive,
  NO_TRANSACTION,
  type RollupConfig,
} from "@altlayer/protocol";
import { keccak256 } from "viem/utils";
import { isInvalidBlock } from "../engine-errors.ts";

/** What is wrong with a block that the engine refused (docs/spec/mach.md, section 8, "Alerts"). */
export interface Refutation {
  readonly reason: AlertReason;
  /** The first diverging transaction; `NO_TRANSACTION` if the header diverges, or the receipts somewhere. */
  readonly transactionIndex: number;
}

/**
 * Builds the block anew from its own attributes and transactions, and compares. The receipts behind a root are not known,
 * so a wrong receipts root names no transaction.
 * @returns `null` if nothing is wrong with it here, or its parent is not known
 */
export async function refute(
  payload: ExecutionPayload,
  { engine, rollup }: { readonly engine: Engine; readonly rollup: RollupConfig },
): Promise<Refutation | null> {
  const parent = await engine.payloadByHash(payload.parentHash, { brief: true });
  if (!parent) return null;
  const firstOther = payload.transactions.findIndex((raw) => !isDepositTransaction(raw));
  const count = firstOther < 0 ? payload.transactions.length : firstOther;
  const timestamp = Number(payload.timestamp);
  const attributes = {
    timestamp,
    prevRandao: payload.prevRandao,
    suggestedFeeRecipient: payload.feeRecipient,
    parentBeaconBlockRoot: payload.parentBeaconBlockRoot,
    transactions: payload.transactions.slice(0, count),
    noTxPool: true,
    gasLimit: Number(payload.gasLimit),
    // Version 0, then the parameters (holocene/exec-engine.md).
    ...(isForkActive(rollup, "holocene", timestamp)
      ? { eip1559Params: `0x${payload.extraData.slice(4, 20)}` as const }
      : {}),
  };
  try {
    const { candidate } = await engine.open(payload.parentHash, attributes);
    const others = payload.transactions.slice(count);
    const { rejected } = await engine.extend(candidate, { kind: "transactions", transactions: others });
    const [first] = rejected;
    if (first) {
      await engine.drop(candidate);
      const index = others.findIndex((raw) => keccak256(raw) === first.hash);
      return { reason: ALERT_REASONS.transactions, transactionIndex: count + Math.max(0, index) };
    }
    return compare(payload, await engine.seal(candidate, { brief: true }));
  } catch (error) {
    if (!isInvalidBlock(error)) throw error;
    return { reason: ALERT_REASONS.attributes, transactionIndex: NO_TRANSACTION };
  }
}

function compare(theirs: ExecutionPayload, own: ExecutionPayload): Refutation | null {
  if (theirs.blockHash === own.blockHash) return null;
  const differs = (...fields: (keyof ExecutionPayload)[]) => fields.some((field) => theirs[field] !== own[field]);
  const reason = differs("receiptsRoot", "gasUsed", "logsBloom")
    ? ALERT_REASONS.receipts
    : differs("stateRoot")
      ? ALERT_REASONS.stateRoot
      : ALERT_REASONS.header;
  return { reason, transactionIndex: NO_TRANSACTION };
}
