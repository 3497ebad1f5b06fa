import { z } from "zod";
import { ROLES } from "../secrets/key-store.ts";

const wei = z.string().describe("wei, decimal");

const cost = {
  dataWei: wei.describe("paid by the batcher"),
  otherWei: wei.describe("paid by the other accounts"),
  dataBytes: z.number().describe("on the settlement network; a blob counts in full"),
  blobs: z.number(),
};

export const costsQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(366).default(30) });
export const costsSchema = z.object({
  measuredFrom: z.string().nullable().describe("ISO 8601, UTC; nothing before is known. Null: nothing is measured yet"),
  accounts: z.array(
    z.object({
      role: z.enum(ROLES),
      address: z.string(),
      balanceWei: wei.nullable(),
      spentWeiPerDay: wei.nullable().describe("measured over the last week, or since measuring began"),
      runwayDays: z.number().nullable(),
    }),
  ),
  month: z.object({
    name: z.string().describe("such as 2026-11, UTC"),
    spentWei: wei,
    budgetWei: wei.nullable(),
    percent: z.number().nullable(),
  }),
  hours: z.array(z.object({ start: z.string().describe("ISO 8601, UTC"), ...cost })).describe("the last 48 at most"),
  days: z.array(
    z.object({
      day: z.string().describe("such as 2026-11-26, UTC"),
      ...cost,
      transactions: z.number().describe("users' transactions on the rollup"),
      weiPerTransaction: wei.nullable().describe("data only"),
    }),
  ),
});
