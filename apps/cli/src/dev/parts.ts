/**
 * What the session takes from the packages. Loading it takes longer than starting the L1, so the session loads it
 * meanwhile.
 */
export { kzg, openEngine } from "@altlayer/engine";
export { parseRollupConfig } from "@altlayer/protocol";
export { createProcessMetrics, parseNodeConfig, RollupNode, SystemClock, startBeaconFacade } from "@altlayer/rollup";
export { userAccounts } from "./accounts.ts";
export { ensureChain } from "./chain.ts";
export { devNodeConfig } from "./node-config.ts";
