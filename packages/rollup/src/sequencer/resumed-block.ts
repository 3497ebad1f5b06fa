import type { PayloadAttributes } from "@altlayer/engine";
import {
  l2BlockRefFromPayload,
  type RollupConfig,
  systemConfigAsRecorded,
  systemConfigFromPayload,
} from "@altlayer/protocol";
import { numberToHex } from "viem/utils";
import type { ParentBlock } from "./attributes.ts";

/** The block that attributes from the journal open on `parent`, as the next one needs it. */
export function resumedBlock(options: {
  readonly rollup: RollupConfig;
  readonly parent: ParentBlock;
  readonly attributes: PayloadAttributes;
}): ParentBlock {
  const { rollup, parent, attributes } = options;
  const payload = {
    blockHash: `0x${"00".repeat(32)}`,
    parentHash: parent.ref.hash,
    blockNumber: numberToHex(parent.ref.number + 1),
    timestamp: numberToHex(attributes.timestamp),
    gasLimit: numberToHex(attributes.gasLimit),
    transactions: attributes.transactions,
    // Holocene's extra data: version 0 and the parameters.
    extraData: `0x00${attributes.eip1559Params?.slice(2) ?? ""}`,
  } as const;
  const systemConfig = systemConfigFromPayload(rollup, payload);
  return {
    ref: l2BlockRefFromPayload(rollup, payload),
    systemConfig: systemConfigAsRecorded(rollup, systemConfig, attributes.timestamp),
  };
}
