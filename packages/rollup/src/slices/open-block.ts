import type { Hex, PayloadAttributes } from "@altlayer/engine";
import { z } from "zod";

const hex = z.string().regex(/^0x(?:[0-9a-f]{2})*$/) as unknown as z.ZodType<Hex>;
const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex>;
const address = z.string().regex(/^0x[0-9a-f]{40}$/) as unknown as z.ZodType<Hex>;
const count = z.number().int().nonnegative();

/** Transactions in one slice or block; a block's own limit of bytes is far below what so many would take. */
const MAX_TRANSACTIONS = 100_000;
export const transactionsSchema = z.array(hex).max(MAX_TRANSACTIONS);

/** Payload attributes as one node tells another; absent in the engine's terms is null on the wire. */
export const attributesSchema = z.strictObject({
  timestamp: count,
  prevRandao: hash,
  suggestedFeeRecipient: address,
  parentBeaconBlockRoot: hash.nullable(),
  transactions: transactionsSchema,
  noTxPool: z.boolean(),
  gasLimit: count,
  eip1559Params: hex.nullable(),
  minBaseFee: count.nullable(),
});

export function presentAttributes(attributes: z.output<typeof attributesSchema>): PayloadAttributes {
  const present = Object.entries(attributes).filter(([, value]) => value !== null);
  return Object.fromEntries(present) as unknown as PayloadAttributes;
}

/** The reverse of `presentAttributes`. */
export function wireAttributes(attributes: PayloadAttributes): z.output<typeof attributesSchema> {
  const absent = { parentBeaconBlockRoot: null, eip1559Params: null, minBaseFee: null };
  return { ...absent, ...attributes } as z.output<typeof attributesSchema>;
}

/** A block in the making, as far as it was executed here. */
export interface OpenBlock {
  readonly attributes: PayloadAttributes;
  /** After those of the attributes, in order. */
  readonly transactions: readonly Hex[];
}
