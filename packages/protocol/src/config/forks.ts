import { ProtocolError } from "../errors.ts";

/**
 * The forks of the OP Stack, oldest first: the one table from which everything else derives.
 * `supported: false` marks forks whose names are known, so that a schedule with them is refused and not ignored.
 */
export const FORKS = [
  { name: "regolith", field: "regolith_time", supported: true },
  { name: "canyon", field: "canyon_time", supported: true },
  { name: "delta", field: "delta_time", supported: true },
  { name: "ecotone", field: "ecotone_time", supported: true },
  { name: "fjord", field: "fjord_time", supported: true },
  { name: "granite", field: "granite_time", supported: true },
  { name: "holocene", field: "holocene_time", supported: true },
  { name: "isthmus", field: "isthmus_time", supported: false },
  { name: "jovian", field: "jovian_time", supported: false },
  { name: "interop", field: "interop_time", supported: false },
] as const;

export type ForkName = (typeof FORKS)[number]["name"];
/** Activation times in seconds of L2 (or, where a rule says so, L1) time. Absent: not scheduled. */
export type ForkTimes = Readonly<Partial<Record<ForkName, number>>>;

/** What of a rollup's configuration the questions below need. */
interface ForkSchedule {
  readonly forkTimes: ForkTimes;
}

export function isForkActive(config: ForkSchedule, fork: ForkName, timestamp: number): boolean {
  const time = config.forkTimes[fork];
  return time !== undefined && timestamp >= time;
}

/** Whether the L2 block with that timestamp is the fork's first, with at least one block before it. */
export function isForkActivationBlock(
  config: ForkSchedule & { readonly blockTime: number },
  fork: ForkName,
  timestamp: number,
): boolean {
  return isForkActive(config, fork, timestamp) && !isForkActive(config, fork, timestamp - config.blockTime);
}

/** The newest active fork, or `bedrock`. */
export function forkAt(config: ForkSchedule, timestamp: number): ForkName | "bedrock" {
  let active: ForkName | "bedrock" = "bedrock";
  for (const { name } of FORKS) if (isForkActive(config, name, timestamp)) active = name;
  return active;
}

/** Parameters of derivation that forks changed. All are looked up by the timestamp of an L1 block. */
export interface DerivationParameters {
  /** L1 blocks between a channel's first frame and its end. 50 from Granite on. */
  readonly channelTimeout: number;
  /** Seconds that L2 time may run ahead of its L1 origin's. 1800 from Fjord on. */
  readonly maxSequencerDrift: number;
  readonly maxRlpBytesPerChannel: number;
  /** Total size of buffered frames before Holocene. */
  readonly maxChannelBankSize: number;
  readonly brotli: boolean;
  readonly spanBatches: boolean;
  readonly blobs: boolean;
  /** Holocene's strict ordering of frames and batches. */
  readonly strictOrdering: boolean;
}

export function derivationParameters(
  config: ForkSchedule & { readonly channelTimeout: number; readonly maxSequencerDrift: number },
  l1Timestamp: number,
): DerivationParameters {
  const fjord = isForkActive(config, "fjord", l1Timestamp);
  return {
    channelTimeout: isForkActive(config, "granite", l1Timestamp) ? 50 : config.channelTimeout,
    maxSequencerDrift: fjord ? 1800 : config.maxSequencerDrift,
    maxRlpBytesPerChannel: fjord ? 100_000_000 : 10_000_000,
    maxChannelBankSize: fjord ? 1_000_000_000 : 100_000_000,
    brotli: fjord,
    spanBatches: isForkActive(config, "delta", l1Timestamp),
    blobs: isForkActive(config, "ecotone", l1Timestamp),
    strictOrdering: isForkActive(config, "holocene", l1Timestamp),
  };
}

/**
 * Refuses schedules that this implementation cannot follow: forks it does not know yet, forks out of order, and
 * Ecotone or Fjord after genesis, whose upgrade transactions it does not carry.
 */
export function checkForkSchedule(forkTimes: ForkTimes, genesisTime: number): void {
  let previous: { name: ForkName; time: number | undefined } | undefined;
  for (const fork of FORKS) {
    const time = forkTimes[fork.name];
    if (time !== undefined && !fork.supported) {
      throw new ProtocolError("UNSUPPORTED_SCHEDULE", `the ${fork.name} fork is scheduled but not supported`, {
        fork: fork.name,
        time,
      });
    }
    if (time !== undefined && previous !== undefined && (previous.time === undefined || previous.time > time)) {
      throw new ProtocolError("INVALID_ROLLUP_CONFIG", `${fork.name} is scheduled before ${previous.name}`, {
        fork: fork.name,
        time,
      });
    }
    if (time !== undefined && time > genesisTime && (fork.name === "ecotone" || fork.name === "fjord")) {
      throw new ProtocolError(
        "UNSUPPORTED_SCHEDULE",
        `${fork.name} activates after genesis, which needs upgrade transactions that are not supported; activate it at genesis`,
        { fork: fork.name, time, genesisTime },
      );
    }
    previous = { name: fork.name, time };
  }
}
