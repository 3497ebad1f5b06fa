import type { Core, EpochSchedule, Hex, Message, RangePeaks, Statement } from "@altlayer/protocol";

/** The transaction root after so many transactions: at each certification point of a block, as it was executed. */
export interface Mark {
  readonly count: number;
  readonly root: Hex;
}

/** A slice or block that the own engine executed. */
export interface Executed extends Statement {
  readonly core: Core;
  readonly marks: readonly Mark[];
  /** Signed by the sequencer, or decided by SQUAD. Blocks known from L1 only are ancestors, and never signed. */
  readonly sequenced: boolean;
}

/** One operator's signature on a message. */
export interface Share {
  readonly message: Message;
  readonly signature: Hex;
}

/** The signing journal's last record: all that an operator must not forget. */
export interface JournalRecord {
  /** The last message signed. */
  readonly tip: Message | null;
  /** The height that a base must reach before anything is signed; null outside quarantine. */
  readonly quarantineHeight: number | null;
}

/** What shows a signer without a chain that a message goes on with its tip (docs/spec/mach.md, section 14, remote signer). */
export interface Extension {
  /** The range over the cores below the tip: that of the tip's history root. */
  readonly history: RangePeaks;
  /** The blocks from the tip's height up to the message's parent; none where the message stands at the tip's height. */
  readonly cores: readonly Core[];
  /** Where the tip is a slice and what stands at its height has more transactions: nodes of the prefix proof. */
  readonly prefix: readonly Hex[];
}

/** Blocks in between that a signer looks at for one message; further behind, it waits for a base to release its tip. */
export const MAX_EXTENSION_CORES = 2_048;

/** Weights of an epoch's operator table, by index and asset class. */
export interface WeightTable {
  readonly epoch: number;
  readonly weights: ReadonlyMap<number, readonly bigint[]>;
  readonly total: readonly bigint[];
}

export interface OperatorConfig {
  /** The own index in the table. */
  readonly index: number;
  readonly schedule: EpochSchedule;
  readonly originDepth: number;
  readonly maxAheadSeconds: number;
  /** How long a share waits for its certificate before it is sent again. */
  readonly resendMs: number;
  /** Where heights meet timestamps. */
  readonly genesis: { readonly height: number; readonly timestamp: number };
  readonly blockSeconds: number;
  readonly limits: OperatorLimits;
}

/** At each limit the oldest goes; what then lacks an ancestor, base or origin is not signed. */
export interface OperatorLimits {
  readonly blocks: number;
  readonly bases: number;
  readonly l1Blocks: number;
  readonly candidates: number;
  readonly peers: number;
}

export const OPERATOR_LIMITS: OperatorLimits = {
  blocks: 32_768,
  bases: 16,
  l1Blocks: 8_192,
  candidates: 16,
  peers: 1_024,
};
