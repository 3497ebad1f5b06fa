import { join } from "node:path";
import { z } from "zod";

/**
 * Orders to a running node, over a Unix socket in its data directory: whoever may write there is its operator. HTTP with
 * JSON bodies, one order a request.
 */
export const adminOrders = {
  snapshot: z.strictObject({
    path: z.string().min(1),
    block: z.union([z.enum(["finalized", "safe"]), z.number().int().min(1)]),
  }),
  /** Keys that the program around the node provides are asked for again. */
  rotateKeys: z.strictObject({}),
  /** No more blocks are made, and those there are go to the L1. Answers how many are `left` when the time is over. */
  drain: z.strictObject({ timeoutMs: z.number().int().min(0).max(600_000) }),
} as const;

export type AdminOrder = keyof typeof adminOrders;
export type AdminOrders = { readonly [K in AdminOrder]: z.output<(typeof adminOrders)[K]> };

export const adminSocket = (dataDir: string): string => join(dataDir, "admin.sock");
