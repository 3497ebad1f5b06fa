import type { Hex } from "../types.ts";

/** docs/spec/mach.md, section 8. */
export const ALERT_REASONS = {
  transactions: 1,
  receipts: 2,
  stateRoot: 3,
  attributes: 4,
  header: 5,
  slice: 6,
} as const;
export type AlertReason = (typeof ALERT_REASONS)[keyof typeof ALERT_REASONS];

/** `transactionIndex` of an alert about a header whose transactions all agree. */
export const NO_TRANSACTION = 0xffffffff;

/** Says that a block, or a slice, which the sequencer signed is not what execution gives. */
export interface Alert {
  readonly epoch: number;
  readonly height: number;
  /** Of a slice: its id. */
  readonly blockHash: Hex;
  readonly reason: AlertReason;
  /** The first diverging transaction. */
  readonly transactionIndex: number;
}
