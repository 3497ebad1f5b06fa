import type { Base, Hex, Message } from "@altlayer/protocol";
import type { Executed, JournalRecord, Share, WeightTable } from "./types.ts";

/** What stands between a candidate and a signature (docs/spec/mach.md, section 5). */
export type Obstacle =
  | "MALFORMED"
  | "OFF_BASE"
  | "BASE_MOVES_BACK"
  | "ORIGIN_NOT_CANONICAL"
  | "ORIGIN_SHALLOW"
  | "AHEAD_OF_CLOCK"
  | "QUARANTINE"
  | "NOT_AHEAD_OF_TIP"
  | "CONTRADICTS_TIP";

/** What may be signed yet, and what stood against it last. */
export interface Candidate {
  readonly executed: Executed;
  readonly obstacle: Obstacle | null;
}

export interface OperatorState {
  readonly nowMs: number;
  readonly tip: Message | null;
  readonly quarantineHeight: number | null;
  /** Who answered since the start; null once they were enough. */
  readonly answered: ReadonlySet<number> | null;
  /** A record on its way to the disk: nothing else is signed meanwhile. */
  readonly writing: JournalRecord | null;
  /** What the journal is known to hold. */
  readonly journaled: JournalRecord;
  readonly lastSentMs: number;
  readonly certified: boolean;
  readonly blocks: ReadonlyMap<Hex, Executed>;
  readonly candidates: readonly Candidate[];
  readonly bases: ReadonlyMap<number, Base>;
  readonly l1: ReadonlyMap<number, Hex>;
  readonly l1Head: number;
  readonly table: WeightTable | null;
  readonly furthest: ReadonlyMap<number, Share>;
  /** The highest heights of alerts, about blocks and about slices. */
  readonly alerted: { readonly block: number; readonly slice: number };
}
