import { z } from "zod";

export type Hex = `0x${string}`;

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** An address, made lower-case. */
export const address = z
  .string()
  .regex(ADDRESS, "must be an address of 20 bytes (0x and 40 hex digits)")
  .toLowerCase() as unknown as z.ZodType<Hex, string>;

/** Decimal wei as text: amounts outgrow JSON's numbers. */
export const wei = z.string().regex(/^(0|[1-9]\d{0,31})$/, "must be whole wei as decimal digits");

/** Hex data of at most `maxBytes`. */
export const bytes = (maxBytes: number) =>
  z
    .string()
    .max(2 + maxBytes * 2)
    .regex(/^0x([0-9a-fA-F]{2})*$/, "must be hex bytes beginning with 0x")
    .toLowerCase() as unknown as z.ZodType<Hex, string>;

export const word = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "must be 32 bytes of hex")
  .toLowerCase() as unknown as z.ZodType<Hex, string>;

/** A moment to the second, UTC. */
export const moment = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, {
    error: "must be a time as 2030-01-31T12:00:00Z (UTC)",
    abort: true,
  })
  .refine((text) => !Number.isNaN(Date.parse(text)), "is no date");
