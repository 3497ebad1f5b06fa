import {
  appendLeaf,
  BLOCK,
  bytesToHex,
  type EpochSchedule,
  encodeMessage,
  historyLeaf,
  isProtocolError,
  type Keccak256,
  type MachDigests,
  type Message,
  messageFault,
  prefixRoots,
  type RangePeaks,
  rangeRoot,
  relate,
  type Statement,
  sameBase,
} from "@altlayer/protocol";
import { isAhead, isReleased, movesOn } from "./signing-rule.ts";
import type { Extension, JournalRecord } from "./types.ts";

export type SignerRefusal =
  | "MALFORMED"
  | "BASE_MOVES_BACK"
  | "BASE_CHANGES"
  | "NOT_AHEAD_OF_TIP"
  | "CONTRADICTS_TIP"
  /** That it goes on with the tip was not shown, or what was brought does not show it. */
  | "NOT_SHOWN"
  | "QUARANTINE"
  /** A record of a quarantine changes nothing but the quarantine. */
  | "FORGETS";

export interface SignerContext {
  readonly schedule: EpochSchedule;
  readonly digests: MachDigests;
  readonly keccak256: Keccak256;
}

/**
 * What a signer checks by itself, without a chain: S4, S7 and S8 of docs/spec/mach.md, section 5. S7 takes an `Extension`
 * where the two messages alone do not show it. S1 to S3, S5 and S6 are the node's word; so is a base, which releases.
 * @param next the record that the node wants in the journal
 */
export function signerRefusal(
  next: JournalRecord,
  before: JournalRecord,
  { extension, ...context }: SignerContext & { readonly extension: Extension | null },
): SignerRefusal | null {
  if (next.quarantineHeight !== null) {
    const lowered = before.quarantineHeight !== null && next.quarantineHeight < before.quarantineHeight;
    return lowered || !sameMessage(next.tip, before.tip) ? "FORGETS" : null;
  }
  if (next.tip === null) return before.tip === null && before.quarantineHeight === null ? null : "FORGETS";
  const message = next.tip;
  if (messageFault(message, context.schedule) !== null) return "MALFORMED";
  if (before.quarantineHeight !== null && message.base.height < before.quarantineHeight) return "QUARANTINE";
  const { tip } = before;
  if (tip === null || sameMessage(message, tip)) return null;
  if (!movesOn(message.base, tip.base)) return "BASE_MOVES_BACK";
  if (message.base.l1Hash === tip.base.l1Hash && !sameBase(message.base, tip.base)) return "BASE_CHANGES";
  if (isReleased(tip, message.base)) return null;
  if (!isAhead(message, tip)) return "NOT_AHEAD_OF_TIP";
  try {
    return goesOn(message, tip, extension, context);
  } catch (error) {
    // A proof of no shape.
    if (isProtocolError(error)) return "NOT_SHOWN";
    throw error;
  }
}

export function sameMessage(a: Message | null, b: Message | null): boolean {
  if (a === null || b === null) return a === b;
  return bytesToHex(encodeMessage(a)) === bytesToHex(encodeMessage(b));
}

/** S7 of a message that is ahead: null where it goes on with the tip. */
function goesOn(
  message: Message,
  tip: Message,
  extension: Extension | null,
  context: SignerContext,
): SignerRefusal | null {
  const gap = message.core.height - tip.core.height;
  if (gap === 1 && tip.kind === BLOCK && message.core.parentHash !== tip.core.blockHash) return "CONTRADICTS_TIP";
  let at: Statement = message;
  if (gap > 0) {
    const [first] = extension?.cores ?? [];
    if (!extension || !first || !isHistory(message, tip, extension, context)) return "NOT_SHOWN";
    at = { kind: BLOCK, core: first };
  }
  const relation = relate(at, tip);
  if (relation.kind !== "prefix") return relation.kind === "compatible" ? null : "CONTRADICTS_TIP";
  if (!extension) return "NOT_SHOWN";
  // The tip is the short one: a block with fewer transactions than a slice is incompatible by that alone.
  const { short, long } = relation;
  const range = { count: short.transactionCount, size: long.transactionCount, nodes: extension.prefix };
  const roots = prefixRoots(range, context.keccak256);
  if (roots.whole !== long.transactionRoot) return "NOT_SHOWN";
  return roots.prefix === short.transactionRoot ? null : "CONTRADICTS_TIP";
}

/**
 * Whether the message's history is the tip's and the blocks in between, and nothing else. All of them are looked at, not
 * only the one at the tip's height: a root could hide a second core of some height, to be shown later as a contradiction.
 */
function isHistory(
  { core: high }: Message,
  { core: low }: Message,
  { history, cores }: Extension,
  { digests, keccak256 }: SignerContext,
): boolean {
  if (cores.length !== high.height - low.height || history.peaks.length !== bitsOf(history.size)) return false;
  let range: RangePeaks = history;
  let root = low.historyRoot;
  let { parentHash } = low;
  if (rangeRoot(range, keccak256) !== root) return false;
  for (const [i, core] of cores.entries()) {
    const isNext = core.height === low.height + i && core.parentHash === parentHash && core.historyRoot === root;
    if (!isNext) return false;
    range = appendLeaf(range, historyLeaf(digests.core(core), keccak256), keccak256);
    root = rangeRoot(range, keccak256);
    parentHash = core.blockHash;
  }
  return high.historyRoot === root && high.parentHash === parentHash;
}

function bitsOf(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}
