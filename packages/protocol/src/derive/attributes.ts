import { isForkActive } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { bytesToHex } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { encodeDepositTransaction } from "../l1/deposit-transaction.ts";
import { deriveDeposits } from "../l1/deposits.ts";
import { l1AttributesDeposit } from "../l1/l1-attributes.ts";
import { applyConfigUpdate, configUpdates } from "../l1/system-config.ts";
import type { Hex, Keccak256, L1Header, L1Receipt, L2BlockRef, PayloadAttributes, SystemConfig } from "../types.ts";

/** Receiver of the priority fees on L2: the SequencerFeeVault predeploy. */
const SEQUENCER_FEE_VAULT = "0x4200000000000000000000000000000000000011";
const ZERO_HASH = `0x${"0".repeat(64)}` as const;

export interface PreparedAttributes {
  /** With the deposits alone; a sequencer clears `noTxPool`, derivation appends the batch's transactions. */
  readonly attributes: PayloadAttributes;
  readonly sequenceNumber: number;
  /** The system config that holds in the block. */
  readonly systemConfig: SystemConfig;
}

/**
 * The attributes of the block after `parent` with the given L1 origin (specs/protocol/derivation.md, "Deriving Payload
 * Attributes"). `parentSystemConfig` is as `systemConfigFromPayload` reads it from the parent. The origin's receipts
 * matter only where it is another than the parent's.
 * @throws ProtocolError `L1_ORIGIN_MISMATCH` (severity reset) if the origin cannot follow the parent's, or is later in
 * time than the block; `MALFORMED_DEPOSIT_LOG`, `MALFORMED_CONFIG_LOG` (critical)
 */
export function prepareAttributes(
  config: RollupConfig,
  block: {
    readonly parent: L2BlockRef;
    readonly parentSystemConfig: SystemConfig;
    readonly origin: L1Header;
    readonly receipts: readonly L1Receipt[];
  },
  keccak256: Keccak256,
): PreparedAttributes {
  const { parent, origin, receipts } = block;
  const timestamp = parent.timestamp + config.blockTime;
  const newEpoch = origin.number !== parent.l1Origin.number;
  const expected = newEpoch ? origin.parentHash : origin.hash;
  if (expected !== parent.l1Origin.hash || timestamp < origin.timestamp) {
    throw new ProtocolError("L1_ORIGIN_MISMATCH", `L1 block ${origin.number} cannot be the origin after this parent`, {
      parent: parent.hash,
      parentOrigin: parent.l1Origin.hash,
      origin: origin.hash,
      timestamp,
      originTimestamp: origin.timestamp,
    });
  }
  let systemConfig = block.parentSystemConfig;
  const transactions: Hex[] = [];
  if (newEpoch) {
    transactions.push(...deriveDeposits(config, origin.hash, receipts, keccak256));
    for (const update of configUpdates(config, receipts)) {
      systemConfig = applyConfigUpdate(config, systemConfig, update, origin.timestamp);
    }
  }
  const sequenceNumber = newEpoch ? 0 : parent.sequenceNumber + 1;
  const l1Attributes = l1AttributesDeposit(config, { l1: origin, systemConfig, sequenceNumber, timestamp }, keccak256);
  const attributes: PayloadAttributes = {
    timestamp,
    prevRandao: origin.prevRandao,
    suggestedFeeRecipient: SEQUENCER_FEE_VAULT,
    parentBeaconBlockRoot: origin.parentBeaconBlockRoot ?? ZERO_HASH,
    transactions: [bytesToHex(encodeDepositTransaction(l1Attributes)), ...transactions],
    noTxPool: true,
    gasLimit: systemConfig.gasLimit,
    ...(isForkActive(config, "holocene", timestamp) ? { eip1559Params: systemConfig.eip1559Params } : {}),
  };
  return { attributes, sequenceNumber, systemConfig };
}
