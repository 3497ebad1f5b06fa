import {
  type Keccak256,
  type L2BlockRef,
  type PayloadAttributes,
  prepareAttributes,
  type RollupConfig,
  type SystemConfig,
  systemConfigAsRecorded,
} from "@altlayer/protocol";
import type { SelectedOrigin } from "./origin-selector.ts";

/** A block as the next one needs it. The hash is that of `ref`, or zero while the block's root is being computed. */
export interface ParentBlock {
  readonly ref: L2BlockRef;
  readonly systemConfig: SystemConfig;
}

const UNKNOWN_HASH = `0x${"00".repeat(32)}` as const;

/** Attributes of the block after `parent` with the given origin: its deposits, and the pool unless it must stay empty. */
export function sequencedAttributes(
  options: { readonly rollup: RollupConfig; readonly parent: ParentBlock; readonly origin: SelectedOrigin },
  dependencies: { readonly keccak256: Keccak256 },
): { readonly attributes: PayloadAttributes; readonly block: ParentBlock } {
  const { rollup, parent, origin } = options;
  const { l1, receipts } = origin;
  const wanted = {
    parent: parent.ref,
    parentSystemConfig: parent.systemConfig,
    origin: l1,
    receipts: receipts ?? [],
  };
  const { attributes, sequenceNumber, systemConfig } = prepareAttributes(rollup, wanted, dependencies.keccak256);
  const block = {
    ref: {
      hash: UNKNOWN_HASH,
      number: parent.ref.number + 1,
      parentHash: parent.ref.hash,
      timestamp: attributes.timestamp,
      l1Origin: { hash: l1.hash, number: l1.number },
      sequenceNumber,
    },
    systemConfig: systemConfigAsRecorded(rollup, systemConfig, attributes.timestamp),
  };
  return { attributes: { ...attributes, noTxPool: origin.empty }, block };
}
