import type { Hex } from "../types.ts";
import { BLOCK, type Message, SLICE, ZERO_HASH } from "./message.ts";

/** docs/spec/mach.md, sections 1 and 11. In L1 blocks unless the name says otherwise; fixed when a service is created. */
export interface MachParameters {
  /** K: exceeds the L1's finality. */
  readonly depth: number;
  /** EPOCH. */
  readonly epochLength: number;
  readonly originDepth: number;
  readonly maxAheadSeconds: number;
  readonly certificateAge: number;
  readonly evidenceWindow: number;
  readonly pauseSlack: number;
  /** T: how long the batcher waits for certificates. */
  readonly batcherWaitMs: number;
  /** d, in hundredths of the total. */
  readonly churnPercent: number;
  readonly maxOperators: number;
}

export const MACH_PARAMETERS = {
  development: {
    depth: 4,
    epochLength: 4,
    originDepth: 0,
    maxAheadSeconds: 4,
    certificateAge: 32,
    evidenceWindow: 32,
    pauseSlack: 8,
    batcherWaitMs: 2_000,
    churnPercent: 10,
    maxOperators: 1024,
  },
  testnet: {
    depth: 96,
    epochLength: 32,
    originDepth: 2,
    maxAheadSeconds: 4,
    certificateAge: 1_200,
    evidenceWindow: 1_200,
    pauseSlack: 100,
    batcherWaitMs: 30_000,
    churnPercent: 10,
    maxOperators: 1024,
  },
  mainnet: {
    depth: 128,
    epochLength: 32,
    originDepth: 4,
    maxAheadSeconds: 4,
    certificateAge: 7_200,
    evidenceWindow: 50_400,
    pauseSlack: 14_400,
    batcherWaitMs: 60_000,
    churnPercent: 10,
    maxOperators: 1024,
  },
} as const satisfies Record<string, MachParameters>;

/** Where a service's epochs begin, and how long they are. */
export type EpochSchedule = Pick<MachParameters, "depth" | "epochLength"> & {
  /** S: the L1 block from which the service has an operator table. */
  readonly startBlock: number;
};

export function epochOf(originNumber: number, schedule: EpochSchedule): number {
  const past = originNumber - schedule.startBlock - schedule.depth;
  return past < 0 ? 0 : Math.floor(past / schedule.epochLength);
}

/** N: the L1 block of which the epoch takes its base and its operator table. */
export function epochBlock(epoch: number, schedule: EpochSchedule): number {
  return schedule.startBlock + epoch * schedule.epochLength;
}

/** How far apart two contradictory certificates can be that the L1 had not settled between (section 9, P2). */
export function undecidedBlocks(
  parameters: Pick<MachParameters, "depth" | "epochLength">,
  rollup: {
    readonly seqWindowSize: number;
    readonly maxSequencerDriftSeconds: number;
    readonly l1BlockSeconds: number;
  },
): number {
  const drift = Math.ceil(rollup.maxSequencerDriftSeconds / rollup.l1BlockSeconds);
  return parameters.depth + parameters.epochLength + rollup.seqWindowSize + drift;
}

/** What must not exceed the core's DEALLOCATION_DELAY (section 11). */
export function slashingHorizon(
  parameters: Pick<MachParameters, "certificateAge" | "evidenceWindow" | "pauseSlack">,
  undecided: number,
): number {
  return undecided + parameters.certificateAge + parameters.evidenceWindow + parameters.pauseSlack;
}

export type MessageFault =
  | "KIND"
  | "NO_TRANSACTIONS"
  | "SLICE_SEALED"
  | "BLOCK_UNSEALED"
  | "NOT_ABOVE_BASE"
  | "NOT_ON_BASE"
  | "ORIGIN_BEFORE_START"
  | "EPOCH";

/** Section 2, "well formed": the first fault, or null. */
export function messageFault(message: Message, schedule: EpochSchedule): MessageFault | null {
  const { kind, core, base } = message;
  if (kind !== SLICE && kind !== BLOCK) return "KIND";
  if (core.transactionCount < 1) return "NO_TRANSACTIONS";
  if (kind === SLICE && !(zero(core.blockHash) && zero(core.outputRoot))) return "SLICE_SEALED";
  if (kind === BLOCK && (zero(core.blockHash) || zero(core.outputRoot))) return "BLOCK_UNSEALED";
  if (core.height <= base.height) return "NOT_ABOVE_BASE";
  if (core.height === base.height + 1 && core.parentHash !== base.blockHash) return "NOT_ON_BASE";
  if (core.originNumber < schedule.startBlock) return "ORIGIN_BEFORE_START";
  if (base.epoch !== epochOf(core.originNumber, schedule)) return "EPOCH";
  return null;
}

function zero(hash: Hex): boolean {
  return hash === ZERO_HASH;
}
