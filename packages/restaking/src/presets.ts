import type { MachParams } from "./services.ts";

/** Of the rollup and its L1, as far as a service's windows follow from them. */
export interface RollupTiming {
  /** L1 blocks. */
  readonly sequencingWindow: number;
  /** Seconds. */
  readonly maxSequencerDrift: number;
  /** Seconds. */
  readonly l1BlockTime: number;
}

/** docs/spec/mach.md, section 11. In L1 blocks. */
export const NETWORKS = {
  development: { k: 4, epochLength: 4, certificateAge: 32, evidenceWindow: 32, pauseSlack: 8 },
  testnet: { k: 96, epochLength: 32, certificateAge: 1_200, evidenceWindow: 1_200, pauseSlack: 100 },
  mainnet: { k: 128, epochLength: 32, certificateAge: 7_200, evidenceWindow: 50_400, pauseSlack: 14_400 },
} as const;
export type NetworkName = keyof typeof NETWORKS;

/**
 * The windows of a service: what the network fixes, and UNDECIDED, which follows from the rollup.
 * @example windowsOf("mainnet", { sequencingWindow: 3_600, maxSequencerDrift: 1_800, l1BlockTime: 12 }).undecided // 3910
 */
export function windowsOf(network: NetworkName, timing: RollupTiming): MachParams["windows"] {
  const { k, epochLength, ...rest } = NETWORKS[network];
  const drift = Math.ceil(timing.maxSequencerDrift / timing.l1BlockTime);
  return { k, epochLength, undecided: k + epochLength + timing.sequencingWindow + drift, ...rest };
}
