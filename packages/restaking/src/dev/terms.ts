import { parseEther } from "viem";
import type { CoreOptions } from "../core.ts";
import type { MachParams } from "../services.ts";

/** Of the rollup and its L1, as far as the service's windows follow from them. */
export interface RollupTiming {
  /** L1 blocks. */
  readonly sequencingWindow: number;
  /** Seconds. */
  readonly maxSequencerDrift: number;
  /** Seconds. */
  readonly l1BlockTime: number;
}

/** All amounts and delays of a development deployment; amounts in wei. */
export interface DevTerms {
  readonly core: CoreOptions;
  readonly mach: Omit<MachParams, "strategies" | "rewardToken">;
  readonly lstStake: bigint;
  readonly altStake: bigint;
  readonly altSupply: bigint;
  readonly altForHolders: bigint;
  readonly bountyFund: bigint;
  readonly rewardsFund: bigint;
}

/** L1 blocks that a weight is good for after its refresh. */
const WEIGHT_LIFE = 3_600;

/** docs/spec/mach.md, section 11, development: the deallocation delay covers the horizon, so faults are slashable. */
export function developmentTerms(timing: RollupTiming, allocationConfigurationDelay = 0): DevTerms {
  const windows = developmentWindows(timing);
  const horizon = windows.undecided + windows.certificateAge + windows.evidenceWindow + windows.pauseSlack;
  return {
    core: {
      deallocationDelay: horizon + WEIGHT_LIFE + 1,
      allocationConfigurationDelay,
      slasherConfigurationDelay: 1,
    },
    mach: {
      windows,
      minimum: [parseEther("1"), parseEther("100")],
      slashWad: parseEther("1"),
      ratePerEpoch: parseEther("10"),
      bounty: parseEther("100"),
      bountyPeriod: 50,
      bountyClaims: 10,
      allowShortDelay: false,
      metadataURI: "",
    },
    lstStake: parseEther("100"),
    altStake: parseEther("100000"),
    altSupply: parseEther("1000000000"),
    altForHolders: parseEther("1000000"),
    bountyFund: parseEther("10000"),
    rewardsFund: parseEther("1000000"),
  };
}

export function developmentWindows(timing: RollupTiming): MachParams["windows"] {
  const [k, epochLength] = [1, 4];
  const drift = Math.ceil(timing.maxSequencerDrift / timing.l1BlockTime);
  return {
    k,
    epochLength,
    undecided: k + epochLength + timing.sequencingWindow + drift,
    certificateAge: 32,
    evidenceWindow: 32,
    pauseSlack: 8,
  };
}
