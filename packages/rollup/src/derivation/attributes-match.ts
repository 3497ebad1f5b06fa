import type { ExecutionPayload, Hex } from "@altlayer/engine";
import type { PayloadAttributes, RollupConfig } from "@altlayer/protocol";
import { isForkActive } from "@altlayer/protocol";

/**
 * Why an existing block is not the one that derived attributes ask for, or `null` if it is
 * (derivation.md, "L1-sync: payload attributes processing", consolidation).
 */
export function mismatch(config: RollupConfig, attributes: PayloadAttributes, block: ExecutionPayload): string | null {
  if (Number(block.timestamp) !== attributes.timestamp) return "timestamp";
  if (block.prevRandao !== attributes.prevRandao) return "prevRandao";
  if (block.feeRecipient !== attributes.suggestedFeeRecipient) return "feeRecipient";
  if (block.parentBeaconBlockRoot !== attributes.parentBeaconBlockRoot) return "parentBeaconBlockRoot";
  if (Number(block.gasLimit) !== attributes.gasLimit) return "gasLimit";
  if (block.transactions.length !== attributes.transactions.length) return "transactionCount";
  for (const [index, transaction] of attributes.transactions.entries()) {
    if (block.transactions[index] !== transaction) return "transactions";
  }
  if (isForkActive(config, "holocene", attributes.timestamp)) {
    if (block.extraData !== holoceneExtraData(config, attributes.eip1559Params)) return "extraData";
  }
  return null;
}

/** Version 0 and the parameters; zero stands for the chain's constants (holocene/exec-engine.md). */
export function holoceneExtraData(config: RollupConfig, eip1559Params: Hex | undefined): Hex {
  const params = eip1559Params ?? "0x0000000000000000";
  if (!/^0x0{16}$/.test(params)) return `0x00${params.slice(2)}`;
  const { denominatorCanyon, elasticity } = config.eip1559Defaults;
  const word = (value: number) => value.toString(16).padStart(8, "0");
  return `0x00${word(denominatorCanyon)}${word(elasticity)}`;
}
