import type { Hex } from "../../api/types.ts";

export const withdrawalsKey = (rollup: string, account: Hex) => ["chain", rollup, "withdrawals", account] as const;

/** Deposits of an account that failed on the rollup. */
export const stuckKey = (rollup: string, account: Hex) => ["chain", rollup, "stuck", account] as const;
