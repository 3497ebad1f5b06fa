import type { ExecutionPayload } from "@altlayer/engine";
import {
  type Keccak256,
  type L2BlockRef,
  type PayloadAttributes,
  prepareAttributes,
  type RollupConfig,
  systemConfigFromPayload,
} from "@altlayer/protocol";
import type { SelectedOrigin } from "./origin-selector.ts";

/** Attributes of the block after `parent` with the given origin: its deposits, and the pool unless it must stay empty. */
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
  const parentSystemConfig = systemConfigFromPayload(rollup, options.parentPayload);
  const { l1, receipts } = origin;
  const block = { parent, parentSystemConfig, origin: l1, receipts: receipts ?? [] };
  const { attributes } = prepareAttributes(rollup, block, dependencies.keccak256);
  return { ...attributes, noTxPool: origin.empty };
}
