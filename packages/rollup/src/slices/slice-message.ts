import type { Hex, PayloadAttributes } from "@altlayer/engine";
import { z } from "zod";
import { attributesSchema, presentAttributes, transactionsSchema } from "./open-block.ts";

const hex = z.string().regex(/^0x(?:[0-9a-f]{2})*$/) as unknown as z.ZodType<Hex>;
const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex>;
const count = z.number().int().nonnegative();

const flashblock = z.looseObject({
  payload_id: hex,
  index: count,
  diff: z.looseObject({ transactions: transactionsSchema }),
  metadata: z.looseObject({ block_number: count }),
});

const message = z.strictObject({
  slice: z.strictObject({ number: count, parentHash: hash, index: count, id: hash, previousId: hash }),
  /** By the sequencer's unsafe block signer, over `sliceSigningHash`; 65 bytes, the last is 27 or 28. */
  signature: z.string().regex(/^0x[0-9a-f]{130}$/) as unknown as z.ZodType<Hex>,
  /** Of a block's first slice: what the block was opened with. */
  attributes: attributesSchema.optional(),
  flashblock,
});

const markMessage = z.strictObject({ mark: z.strictObject({ parentHash: hash, index: count, id: hash }) });

/** The end of that slice is a certification point (docs/spec/mach.md, section 5): what MACH's operators sign alike. */
export interface MarkMessage {
  readonly mark: { readonly parentHash: Hex; readonly index: number; readonly id: Hex };
}

/** The parts of a FlashblocksPayloadV1 that are read here. */
export interface Flashblock {
  readonly payload_id: Hex;
  readonly index: number;
  readonly diff: { readonly transactions: readonly Hex[] };
  /** With the receipts, as they came. */
  readonly metadata: { readonly block_number: number };
}

/** A slice: the Flashblock, and beside it what a follower needs to execute and to check it. */
export interface SliceMessage {
  readonly slice: {
    readonly number: number;
    readonly parentHash: Hex;
    readonly index: number;
    readonly id: Hex;
    readonly previousId: Hex;
  };
  readonly signature: Hex;
  readonly attributes?: PayloadAttributes;
  readonly flashblock: Flashblock;
}

/** What one message of the stream holds, in order; `null` if it is none. */
export function parseSliceMessages(text: string): readonly (SliceMessage | MarkMessage)[] | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const all = (Array.isArray(json) ? json : [json]).map(parseOne);
  return all.length > 0 && all.every((message) => message !== null) ? all : null;
}

function parseOne(json: unknown): SliceMessage | MarkMessage | null {
  if (typeof json === "object" && json !== null && "mark" in json) return markMessage.safeParse(json).data ?? null;
  const parsed = message.safeParse(json);
  if (!parsed.success) return null;
  const { attributes: opened, ...rest } = parsed.data;
  if (!opened) return rest as SliceMessage;
  return { ...rest, attributes: presentAttributes(opened) } as SliceMessage;
}
