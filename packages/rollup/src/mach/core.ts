import type { Engine, ExecutionPayload, PayloadAttributes, TransactionRange } from "@altlayer/engine";
import {
  attributesHash,
  type Core,
  type Hex,
  isDepositTransaction,
  isForkActive,
  type Keccak256,
  l1InfoFromPayload,
  outputRoot,
  type RollupConfig,
  ZERO_HASH,
} from "@altlayer/protocol";
import { numberToHex } from "viem/utils";
import { holoceneExtraData } from "../derivation/attributes-match.ts";

/** What goes into a core besides the block's own fields (docs/spec/mach.md, section 2). */
interface Facts {
  readonly historyRoot: Hex;
  readonly transactions: TransactionRange;
}

/** Two bytes of `0x`, and the version's: the eight bytes of parameters follow (holocene/exec-engine.md). */
const PARAMS_AT = 4;

/** The core of a sealed block. Of `payload`, the transactions beyond the deposits may be left out. */
function blockCore(
  rollup: RollupConfig,
  block: Facts & { readonly payload: ExecutionPayload; readonly messagePasserRoot: Hex },
  { keccak256 }: { readonly keccak256: Keccak256 },
): Core {
  const { payload, messagePasserRoot } = block;
  const { blockHash, parentHash, stateRoot, extraData } = payload;
  const attributes = {
    gasLimit: Number(payload.gasLimit),
    prevRandao: payload.prevRandao,
    parentBeaconBlockRoot: payload.parentBeaconBlockRoot,
    suggestedFeeRecipient: payload.feeRecipient,
    transactions: payload.transactions,
  };
  const place = { height: Number(payload.blockNumber), timestamp: Number(payload.timestamp), parentHash, extraData };
  return {
    ...placed(rollup, { ...place, attributes, historyRoot: block.historyRoot }, keccak256),
    ...content(block.transactions),
    blockHash,
    outputRoot: outputRoot({ stateRoot, messagePasserStorageRoot: messagePasserRoot, blockHash }, keccak256),
  };
}

/** The same with what the engine keeps of the block; `null` if it does not have it. */
export async function executedCore(
  rollup: RollupConfig,
  block: { readonly payload: ExecutionPayload; readonly historyRoot: Hex },
  { engine, keccak256 }: { readonly engine: Engine; readonly keccak256: Keccak256 },
): Promise<Core | null> {
  const { blockHash } = block.payload;
  const [transactions, messagePasserRoot] = await Promise.all([
    engine.transactionRange(blockHash),
    engine.messagePasserRoot(blockHash),
  ]);
  return transactions && blockCore(rollup, { ...block, transactions, messagePasserRoot }, { keccak256 });
}

/** The core of a prefix of a block that was opened with `attributes`. */
export function sliceCore(
  rollup: RollupConfig,
  slice: Facts & { readonly height: number; readonly parentHash: Hex; readonly attributes: PayloadAttributes },
  { keccak256 }: { readonly keccak256: Keccak256 },
): Core {
  const { height, parentHash, attributes, historyRoot } = slice;
  const { timestamp } = attributes;
  // As the header will have them: zero parameters stand for the chain's constants.
  const extraData = holoceneExtraData(rollup, attributes.eip1559Params);
  return {
    ...placed(rollup, { height, timestamp, parentHash, extraData, attributes, historyRoot }, keccak256),
    ...content(slice.transactions),
    blockHash: ZERO_HASH,
    outputRoot: ZERO_HASH,
  };
}

function content({ count, root }: TransactionRange) {
  return { transactionCount: count, transactionRoot: root };
}

function placed(
  rollup: RollupConfig,
  block: {
    readonly height: number;
    readonly timestamp: number;
    readonly parentHash: Hex;
    readonly historyRoot: Hex;
    readonly extraData: Hex;
    readonly attributes: Pick<
      PayloadAttributes,
      "gasLimit" | "prevRandao" | "parentBeaconBlockRoot" | "suggestedFeeRecipient" | "transactions"
    >;
  },
  keccak256: Keccak256,
) {
  const { height, timestamp, parentHash, historyRoot, extraData, attributes } = block;
  const { transactions, ...fields } = attributes;
  const info = l1InfoFromPayload(rollup, { timestamp: numberToHex(timestamp), transactions, blockHash: ZERO_HASH });
  const firstOther = transactions.findIndex((raw) => !isDepositTransaction(raw));
  const deposits = firstOther < 0 ? transactions : transactions.slice(0, firstOther);
  const eip1559Params: Hex = `0x${extraData.slice(PARAMS_AT, PARAMS_AT + 16)}`;
  const params = isForkActive(rollup, "holocene", timestamp) ? { eip1559Params } : {};
  return {
    height,
    timestamp,
    originNumber: info.number,
    originHash: info.blockHash,
    parentHash,
    attributesHash: attributesHash({ ...fields, ...params, deposits }, keccak256),
    historyRoot,
  };
}
