import * as z from "zod/mini";
import { hash } from "./shapes.ts";

/**
 * The ladder, lowest rung first. Each level says who must lie, or what must break, for the block to be undone;
 * `mach_getFinality` names levels so.
 */
export const LEVELS = [
  {
    level: "slice",
    title: "Slice",
    vouches: "The sequencer signed this order and result.",
    undone: "Undone if the sequencer contradicts itself.",
  },
  {
    level: "sliceCertificate",
    title: "Slice certificate",
    vouches: "Operators with more than two thirds of the stake executed the slice and got the same result.",
    undone: "Undone only if stake is slashed.",
  },
  {
    level: "block",
    title: "Block",
    vouches: "The sequencer sealed the block with its state root.",
    undone: "Undone if the sequencer contradicts itself.",
  },
  {
    level: "blockCertificate",
    title: "Block certificate",
    vouches: "Operators with more than two thirds of the stake executed the block and got the same state.",
    undone: "Undone only if stake is slashed.",
  },
  {
    level: "safe",
    title: "Safe",
    vouches: "The batch is on the settlement chain; anyone can derive the block from it.",
    undone: "Undone if the settlement chain reorganises.",
  },
  {
    level: "finalized",
    title: "Finalized",
    vouches: "The settlement chain finalised the block that holds the batch.",
    undone: "As final as the settlement chain.",
  },
  {
    level: "settled",
    title: "Settled",
    vouches: "An output root of this block or a later one stood through its dispute game.",
    undone: "Withdrawals pay out.",
  },
] as const;

export type Level = (typeof LEVELS)[number]["level"];
export const levelNames: readonly Level[] = LEVELS.map(({ level }) => level);
export const rankOf = (level: string | null): number => levelNames.indexOf(level as Level);

const time = z.nullish(
  z.union([z.number(), z.pipe(z.string().check(z.regex(/^0x[0-9a-f]{1,13}$/i)), z.transform(Number))]),
);
const number = z.nullish(
  z.union([z.number(), z.pipe(z.string().check(z.regex(/^0x[0-9a-f]{1,13}$/i)), z.transform(Number))]),
);

/** `mach_getFinality`. What vouches (`by`) differs by level and is shown as far as it is understood. */
export const Finality = z.nullable(
  z.object({
    blockNumber: number,
    blockHash: z.nullish(hash),
    level: z.nullable(z.string().check(z.maxLength(32))),
    levels: z
      .array(
        z.object({
          level: z.string().check(z.maxLength(32)),
          reached: z.boolean(),
          at: time,
          by: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
        }),
      )
      .check(z.maxLength(32)),
    heldBack: z.optional(z.boolean()),
    alerts: z.optional(z.array(z.unknown()).check(z.maxLength(1000))),
  }),
);
export type Finality = NonNullable<z.output<typeof Finality>>;

const headRef = z.nullish(z.object({ number, hash: z.nullish(hash) }));
/** `mach_getHead`. */
export const MachHead = z.object({ certified: headRef, latest: headRef, safe: headRef, finalized: headRef });
export type MachHead = z.output<typeof MachHead>;
