import { parseEther } from "viem";
import type { CoreOptions } from "../core.ts";
import { type RollupTiming, windowsOf } from "../presets.ts";
import type { MachParams } from "../services.ts";

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

/** In L1 blocks. */
export interface DevDelays {
  /** Until a changed allocation delay counts; mainnet 126,000. */
  readonly allocationConfigurationDelay?: number;
  /** That a weight is good for after its refresh. */
  readonly weightLife?: number;
}

/** A session of two hours needs no refresh. */
const WEIGHT_LIFE = 3_600;

/** docs/spec/mach.md, section 11, development: the deallocation delay covers the horizon, so faults are slashable. */
export function developmentTerms(
  timing: RollupTiming,
  { allocationConfigurationDelay = 0, weightLife = WEIGHT_LIFE }: DevDelays = {},
): DevTerms {
  const windows = windowsOf("development", timing);
  const horizon = windows.undecided + windows.certificateAge + windows.evidenceWindow + windows.pauseSlack;
  return {
    core: {
      deallocationDelay: horizon + weightLife + 1,
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
