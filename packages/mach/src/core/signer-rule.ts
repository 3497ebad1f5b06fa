import {
  BLOCK,
  bytesToHex,
  type EpochSchedule,
  encodeMessage,
  type Message,
  messageFault,
  relate,
  sameBase,
} from "@altlayer/protocol";
import { isAhead, isReleased, movesOn } from "./signing-rule.ts";
import type { JournalRecord } from "./types.ts";

export type SignerRefusal =
  | "MALFORMED"
  | "BASE_MOVES_BACK"
  | "BASE_CHANGES"
  | "NOT_AHEAD_OF_TIP"
  | "CONTRADICTS_TIP"
  | "QUARANTINE"
  /** A record of a quarantine changes nothing but the quarantine. */
  | "FORGETS";

/**
 * What a signer can check by itself, from whole messages: S4, S7 and S8 of docs/spec/mach.md, section 5. Of S7 it sees
 * what two messages show: places and contents at one height, and the parent one height above. That a longer slice or a
 * higher block than the next has the tip in its history takes the chain, and is the node's word.
 * @param next the record that the node wants in the journal
 */
export function signerRefusal(
  next: JournalRecord,
  before: JournalRecord,
  schedule: EpochSchedule,
): SignerRefusal | null {
  if (next.quarantineHeight !== null) {
    const lowered = before.quarantineHeight !== null && next.quarantineHeight < before.quarantineHeight;
    return lowered || !sameMessage(next.tip, before.tip) ? "FORGETS" : null;
  }
  if (next.tip === null) return before.tip === null && before.quarantineHeight === null ? null : "FORGETS";
  const message = next.tip;
  if (messageFault(message, schedule) !== null) return "MALFORMED";
  if (before.quarantineHeight !== null && message.base.height < before.quarantineHeight) return "QUARANTINE";
  const { tip } = before;
  if (tip === null || sameMessage(message, tip)) return null;
  if (!movesOn(message.base, tip.base)) return "BASE_MOVES_BACK";
  if (message.base.l1Hash === tip.base.l1Hash && !sameBase(message.base, tip.base)) return "BASE_CHANGES";
  if (isReleased(tip, message.base)) return null;
  if (!isAhead(message, tip)) return "NOT_AHEAD_OF_TIP";
  return contradicts(message, tip) ? "CONTRADICTS_TIP" : null;
}

export function sameMessage(a: Message | null, b: Message | null): boolean {
  if (a === null || b === null) return a === b;
  return bytesToHex(encodeMessage(a)) === bytesToHex(encodeMessage(b));
}

function contradicts(message: Message, tip: Message): boolean {
  const gap = message.core.height - tip.core.height;
  if (gap === 0) return relate(message, tip).kind === "incompatible";
  return gap === 1 && tip.kind === BLOCK && message.core.parentHash !== tip.core.blockHash;
}
