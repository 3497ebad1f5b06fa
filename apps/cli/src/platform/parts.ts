/** What the session takes from the packages: it starts the L1 while this loads. */
export { kzg } from "@altlayer/engine";
export { startL1Clock, startPlatform } from "@altlayer/raas";
export { SystemClock, startBeaconFacade } from "@altlayer/rollup";
export { userAccounts } from "../dev/accounts.ts";
export { ensureFirstRollup, firstRollup } from "./first-rollup.ts";
