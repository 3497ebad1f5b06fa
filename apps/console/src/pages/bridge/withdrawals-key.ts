import type { Hex } from "../../api/types.ts";

export const withdrawalsKey = (rollup: string, account: Hex) => ["chain", rollup, "withdrawals", account] as const;
