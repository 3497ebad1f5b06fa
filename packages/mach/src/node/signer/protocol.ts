import {
  ALERT_REASONS,
  type AlertReason,
  BLOCK,
  bytesToHex,
  type Core,
  decodeMessage,
  encodeMessage,
  type Hex,
  hexToBytes,
  MAX_PATH,
  MESSAGE_BYTES,
  type Message,
  type RewardsReport,
} from "@altlayer/protocol";
import { z } from "zod";
import { type Extension, type JournalRecord, MAX_EXTENSION_CORES } from "../../core/types.ts";

/** What node and signer say to each other: JSON over HTTP, messages as the hex of their 512 bytes. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`))
    .transform((value) => value as Hex);
const number = z.int().nonnegative();

const messageSchema = hexOf(MESSAGE_BYTES).transform((value, context): Message => {
  try {
    return decodeMessage(hexToBytes(value));
  } catch {
    context.addIssue({ code: "custom", message: "no message" });
    return z.NEVER;
  }
});

export const journalSchema = z.object({ tip: messageSchema.nullable(), quarantineHeight: number.nullable() });
const hashes = z.array(hexOf(32)).max(MAX_PATH);
/** Blocks as messages of one base. */
const extensionSchema = z.object({
  history: z.object({ size: number, peaks: hashes }),
  cores: z.array(messageSchema.transform(({ core }): Core => core)).max(MAX_EXTENSION_CORES),
  prefix: hashes,
});
export const appendSchema = journalSchema.extend({ extension: extensionSchema.nullable() });
export const signSchema = z.object({ message: messageSchema });
export const alertSchema = z.object({
  epoch: number,
  height: number,
  blockHash: hexOf(32),
  reason: z.union(Object.values(ALERT_REASONS).map((reason) => z.literal(reason)) as [z.ZodLiteral<AlertReason>]),
  transactionIndex: number.max(0xffffffff),
});
export const linkSchema = z.object({
  peerId: z
    .string()
    .regex(/^0x(?:[0-9a-f]{2}){8,128}$/)
    .transform((value) => value as Hex),
  operator: hexOf(20),
  issuedAt: number,
});

const MAX_REPORTED = 1024;
export const reportSchema = z.object({
  firstEpoch: number,
  lastEpoch: number,
  operators: z.array(hexOf(20)).min(1).max(MAX_REPORTED),
  /** Decimal. */
  points: z
    .array(
      z
        .string()
        .regex(/^[0-9]{1,20}$/)
        .transform(BigInt),
    )
    .max(MAX_REPORTED),
});

export const keysSchema = z.object({
  operator: hexOf(20),
  g1: hexOf(64),
  g2: hexOf(128),
  domainSeparator: hexOf(32),
});
export const signatureSchema = z.object({ signature: hexOf(64) });
export const errorSchema = z.object({ code: z.string().max(64) });

export function writeReport({ points, ...report }: RewardsReport): unknown {
  return { ...report, points: points.map(String) };
}

export function writeJournal({ tip, quarantineHeight }: JournalRecord): object {
  return { tip: tip === null ? null : bytesToHex(encodeMessage(tip)), quarantineHeight };
}

export function writeAppend(record: JournalRecord, extension: Extension | null): unknown {
  const { tip } = record;
  if (extension === null || tip === null) return { ...writeJournal(record), extension: null };
  const cores = extension.cores.map((core) => bytesToHex(encodeMessage({ kind: BLOCK, core, base: tip.base })));
  return { ...writeJournal(record), extension: { ...extension, cores } };
}
