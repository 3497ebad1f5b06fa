import type { ExecutionPayload, Hex } from "@altlayer/engine";
import type { Keccak256, L2BlockRef, PayloadAttributes, RollupConfig } from "@altlayer/protocol";
import {
  applyConfigUpdate,
  bytesToHex,
  configUpdates,
  deriveDeposits,
  encodeDepositTransaction,
  isForkActive,
  l1AttributesDeposit,
  systemConfigFromPayload,
} from "@altlayer/protocol";
import type { SelectedOrigin } from "./origin-selector.ts";

const SEQUENCER_FEE_VAULT: Hex = "0x4200000000000000000000000000000000000011";
const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;

/** Attributes of the block after `parent` with the given origin: derivation.md, "Deriving Payload Attributes", plus the pool. */
export function sequencedAttributes(
  options: {
    readonly rollup: RollupConfig;
    readonly parent: L2BlockRef;
    readonly parentPayload: ExecutionPayload;
    readonly origin: SelectedOrigin;
  },
  dependencies: { readonly keccak256: Keccak256 },
): PayloadAttributes {
  const { rollup, parent, origin } = options;
  const { keccak256 } = dependencies;
  const { l1, receipts } = origin;
  const timestamp = parent.timestamp + rollup.blockTime;
  let systemConfig = systemConfigFromPayload(rollup, options.parentPayload);
  const deposits: Hex[] = [];
  if (receipts !== null) {
    for (const update of configUpdates(rollup, receipts)) {
      systemConfig = applyConfigUpdate(rollup, systemConfig, update, l1.timestamp);
    }
    deposits.push(...deriveDeposits(rollup, l1.hash, receipts, keccak256));
  }
  const sequenceNumber = receipts === null ? parent.sequenceNumber + 1 : 0;
  const attributesDeposit = l1AttributesDeposit(rollup, { l1, systemConfig, sequenceNumber, timestamp }, keccak256);
  return {
    timestamp,
    prevRandao: l1.prevRandao,
    suggestedFeeRecipient: SEQUENCER_FEE_VAULT,
    parentBeaconBlockRoot: l1.parentBeaconBlockRoot ?? ZERO_HASH,
    transactions: [bytesToHex(encodeDepositTransaction(attributesDeposit)), ...deposits],
    noTxPool: origin.empty,
    gasLimit: systemConfig.gasLimit,
    ...(isForkActive(rollup, "holocene", timestamp) ? { eip1559Params: systemConfig.eip1559Params } : {}),
  };
}
