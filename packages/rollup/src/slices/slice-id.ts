import type { Hex, PayloadAttributes } from "@altlayer/engine";
import { concatHex, keccak256, numberToHex, pad, stringToHex } from "viem/utils";
import { receiptHashes } from "./flashblock-receipts.ts";

const DOMAIN = keccak256(stringToHex("altlayer.slice.v1"));
const ZERO = pad("0x", { size: 32 });

/** A Flashblock as far as a slice's id commits to it. */
export interface SliceContent {
  readonly diff: { readonly transactions: readonly Hex[] };
  readonly metadata: unknown;
}

/** With what a later fork adds to them. */
type OpeningAttributes = PayloadAttributes & { readonly minBaseFee?: number };

/**
 * The ids of a block's slices, from its first on, by what is said of them (docs/spec/slices.md, "The id"). What has another id
 * than is signed was changed on the way: it says nothing of who signed it.
 * @returns `null` where the receipts of one are missing
 */
export function sliceIds(block: {
  readonly chainId: number;
  readonly parentHash: Hex;
  readonly attributes: OpeningAttributes;
  readonly slices: readonly SliceContent[];
}): readonly Hex[] | null {
  const opening = openingHash(block.attributes);
  const ids: Hex[] = [];
  let receipts = ZERO;
  for (const [index, slice] of block.slices.entries()) {
    const hashes = slice.diff.transactions.map((raw) => keccak256(raw));
    const ofReceipts = receiptHashes(slice, hashes);
    if (ofReceipts === null) return null;
    receipts = ofReceipts.reduce((before, hash) => keccak256(concatHex([before, hash])), receipts);
    const parts = [DOMAIN, word(block.chainId), block.parentHash, opening, word(index), ids.at(-1) ?? ZERO];
    ids.push(keccak256(concatHex([...parts, keccak256(concatHex(hashes)), receipts])));
  }
  return ids;
}

/** Over everything that is frozen when a block is opened. */
function openingHash(attributes: OpeningAttributes): Hex {
  const { timestamp, prevRandao, suggestedFeeRecipient, parentBeaconBlockRoot, gasLimit } = attributes;
  const { eip1559Params, minBaseFee, noTxPool, transactions } = attributes;
  const words = [
    word(timestamp),
    prevRandao,
    pad(suggestedFeeRecipient),
    parentBeaconBlockRoot ?? ZERO,
    word(gasLimit),
    pad(eip1559Params ?? "0x", { size: 32 }),
    word(minBaseFee ?? 0),
    word(noTxPool ? 1 : 0),
    keccak256(concatHex(transactions.map((raw) => keccak256(raw)))),
  ];
  return keccak256(concatHex(words));
}

function word(value: number): Hex {
  return numberToHex(value, { size: 32 });
}
