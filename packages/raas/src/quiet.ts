import { QUIET_HEADER } from "@altlayer/rollup";

/** Asks without waking a rollup that rests: for what looks regularly, which would keep every rollup awake. */
export const QUIET = { headers: { [QUIET_HEADER]: "1" } } as const;
