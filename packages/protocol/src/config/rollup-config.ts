import { ProtocolError } from "../errors.ts";
import type { BlockId, Hex, SystemConfig } from "../types.ts";
import type { ForkName, ForkTimes } from "./forks.ts";
import { checkForkSchedule, FORKS } from "./forks.ts";

/** EIP-1559 constants of the L2, in op-node's `chain_op_config`. */
export interface Eip1559Defaults {
  readonly elasticity: number;
  readonly denominator: number;
  readonly denominatorCanyon: number;
}

/** A rollup's consensus configuration: op-node's rollup.json with our names. Times are seconds. */
export interface RollupConfig {
  readonly genesis: {
    /** The L1 block after which the rollup starts; its own data is not derived from. */
    readonly l1: BlockId;
    readonly l2: BlockId;
    readonly l2Time: number;
    readonly systemConfig: SystemConfig;
  };
  readonly blockTime: number;
  /** Before Fjord; see `derivationParameters`. */
  readonly maxSequencerDrift: number;
  /** In L1 blocks, the epoch's own included. */
  readonly seqWindowSize: number;
  /** In L1 blocks, before Granite; see `derivationParameters`. */
  readonly channelTimeout: number;
  readonly l1ChainId: number;
  readonly l2ChainId: number;
  readonly forkTimes: ForkTimes;
  readonly batchInboxAddress: Hex;
  readonly depositContractAddress: Hex;
  readonly l1SystemConfigAddress: Hex;
  readonly protocolVersionsAddress?: Hex;
  readonly eip1559Defaults: Eip1559Defaults;
  /** Until then the L1's blob base fee is computed by Cancun's schedule even under Prague (op-node's option). */
  readonly pectraBlobScheduleTime?: number;
}

type Json = Readonly<Record<string, unknown>>;

const DEFAULT_EIP1559: Eip1559Defaults = { elasticity: 6, denominator: 50, denominatorCanyon: 250 };
const ZERO_ADDRESS: Hex = "0x0000000000000000000000000000000000000000";

/**
 * Reads rollup.json (as text or parsed).
 * @throws ProtocolError `INVALID_ROLLUP_CONFIG` naming the field, `UNSUPPORTED_SCHEDULE` for forks that cannot be followed.
 */
export function parseRollupConfig(input: string | Json): RollupConfig {
  const json = typeof input === "string" ? parseJson(input) : input;
  const genesis = object(json, "genesis");
  const system = object(genesis, "system_config");
  if (json.alt_da !== undefined && json.alt_da !== null) {
    throw invalid("alt_da", "alternative data availability in op-node's form is not supported");
  }
  const forkTimes: Partial<Record<ForkName, number>> = {};
  for (const { name, field } of FORKS) {
    if (json[field] !== undefined && json[field] !== null) forkTimes[name] = integer(json, field);
  }
  const l2Time = integer(genesis, "l2_time");
  checkForkSchedule(forkTimes, l2Time);
  const op = json.chain_op_config;
  const config: RollupConfig = {
    genesis: {
      l1: blockId(genesis, "l1"),
      l2: blockId(genesis, "l2"),
      l2Time,
      systemConfig: {
        batcherAddress: hex(system, "batcherAddr", 20),
        overhead: hex(system, "overhead", 32),
        scalar: hex(system, "scalar", 32),
        gasLimit: integer(system, "gasLimit"),
        eip1559Params: system.eip1559Params === undefined ? "0x0000000000000000" : hex(system, "eip1559Params", 8),
      },
    },
    blockTime: positive(json, "block_time"),
    maxSequencerDrift: json.max_sequencer_drift === undefined ? 0 : integer(json, "max_sequencer_drift"),
    seqWindowSize: positive(json, "seq_window_size"),
    channelTimeout: json.channel_timeout === undefined ? 0 : integer(json, "channel_timeout"),
    l1ChainId: positive(json, "l1_chain_id"),
    l2ChainId: positive(json, "l2_chain_id"),
    forkTimes,
    batchInboxAddress: hex(json, "batch_inbox_address", 20),
    depositContractAddress: hex(json, "deposit_contract_address", 20),
    l1SystemConfigAddress: hex(json, "l1_system_config_address", 20),
    ...(json.protocol_versions_address === undefined || json.protocol_versions_address === ZERO_ADDRESS
      ? {}
      : { protocolVersionsAddress: hex(json, "protocol_versions_address", 20) }),
    eip1559Defaults:
      op === undefined || op === null
        ? DEFAULT_EIP1559
        : {
            elasticity: positive(op as Json, "eip1559Elasticity"),
            denominator: positive(op as Json, "eip1559Denominator"),
            denominatorCanyon: positive(op as Json, "eip1559DenominatorCanyon"),
          },
    ...(json.pectra_blob_schedule_time === undefined || json.pectra_blob_schedule_time === null
      ? {}
      : { pectraBlobScheduleTime: integer(json, "pectra_blob_schedule_time") }),
  };
  checkRollupConfig(config);
  return config;
}

/** The rules of op-node's own check that concern derivation. */
export function checkRollupConfig(config: RollupConfig): void {
  const { genesis, forkTimes } = config;
  if (config.seqWindowSize < 2) throw invalid("seq_window_size", "must be at least 2");
  if (config.l1ChainId === config.l2ChainId) throw invalid("l2_chain_id", "must differ from l1_chain_id");
  if (genesis.l1.hash === genesis.l2.hash) throw invalid("genesis", "the L1 and L2 genesis must differ");
  if (/^0x0*$/.test(genesis.l1.hash)) throw invalid("genesis.l1.hash", "must not be zero");
  if (/^0x0*$/.test(genesis.l2.hash)) throw invalid("genesis.l2.hash", "must not be zero");
  if (genesis.l2Time === 0) throw invalid("genesis.l2_time", "must not be zero");
  if (genesis.systemConfig.gasLimit === 0) throw invalid("genesis.system_config.gasLimit", "must not be zero");
  if (genesis.systemConfig.batcherAddress === ZERO_ADDRESS)
    throw invalid("genesis.system_config.batcherAddr", "must not be zero");
  if (config.batchInboxAddress === ZERO_ADDRESS) throw invalid("batch_inbox_address", "must not be zero");
  if (config.depositContractAddress === ZERO_ADDRESS) throw invalid("deposit_contract_address", "must not be zero");
  const atGenesis = (fork: ForkName) => forkTimes[fork] !== undefined && forkTimes[fork] <= genesis.l2Time;
  if (config.channelTimeout === 0 && !atGenesis("granite"))
    throw invalid("channel_timeout", "must be set unless Granite is active at genesis");
  if (config.maxSequencerDrift === 0 && !atGenesis("fjord"))
    throw invalid("max_sequencer_drift", "must be set unless Fjord is active at genesis");
}

/** Writes op-node's rollup.json. Parsing it again gives an equal configuration. */
export function serializeRollupConfig(config: RollupConfig): string {
  const { genesis } = config;
  const system = genesis.systemConfig;
  const times = FORKS.flatMap(({ name, field }) =>
    config.forkTimes[name] === undefined ? [] : [[field, config.forkTimes[name]] as const],
  );
  const json = {
    genesis: {
      l1: { hash: genesis.l1.hash, number: genesis.l1.number },
      l2: { hash: genesis.l2.hash, number: genesis.l2.number },
      l2_time: genesis.l2Time,
      system_config: {
        batcherAddr: system.batcherAddress,
        overhead: system.overhead,
        scalar: system.scalar,
        gasLimit: system.gasLimit,
        // Software from before Holocene rejects the field; software from then on reads its absence as zero.
        ...(config.forkTimes.holocene === undefined ? {} : { eip1559Params: system.eip1559Params }),
      },
    },
    block_time: config.blockTime,
    max_sequencer_drift: config.maxSequencerDrift,
    seq_window_size: config.seqWindowSize,
    channel_timeout: config.channelTimeout,
    l1_chain_id: config.l1ChainId,
    l2_chain_id: config.l2ChainId,
    ...Object.fromEntries(times),
    batch_inbox_address: config.batchInboxAddress,
    deposit_contract_address: config.depositContractAddress,
    l1_system_config_address: config.l1SystemConfigAddress,
    protocol_versions_address: config.protocolVersionsAddress ?? ZERO_ADDRESS,
    chain_op_config: {
      eip1559Elasticity: config.eip1559Defaults.elasticity,
      eip1559Denominator: config.eip1559Defaults.denominator,
      eip1559DenominatorCanyon: config.eip1559Defaults.denominatorCanyon,
    },
    ...(config.pectraBlobScheduleTime === undefined
      ? {}
      : { pectra_blob_schedule_time: config.pectraBlobScheduleTime }),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function parseJson(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("", "is not JSON");
  }
  if (typeof value !== "object" || value === null) throw invalid("", "is not an object");
  return value as Json;
}

function object(json: Json, field: string): Json {
  const value = json[field];
  if (typeof value !== "object" || value === null) throw invalid(field, "must be an object");
  return value as Json;
}

function integer(json: Json, field: string): number {
  const value = json[field];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw invalid(field, "must be a non-negative integer");
  return value;
}

function positive(json: Json, field: string): number {
  const value = integer(json, field);
  if (value === 0) throw invalid(field, "must not be zero");
  return value;
}

function hex(json: Json, field: string, bytes: number): Hex {
  const value = json[field];
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]*$/.test(value) || value.length !== 2 + bytes * 2) {
    throw invalid(field, `must be ${bytes} bytes of 0x-hex`);
  }
  return value.toLowerCase() as Hex;
}

function blockId(json: Json, field: string): BlockId {
  const value = object(json, field);
  return { hash: hex(value, "hash", 32), number: integer(value, "number") };
}

function invalid(field: string, problem: string): ProtocolError {
  return new ProtocolError("INVALID_ROLLUP_CONFIG", `rollup.json: ${field || "the document"} ${problem}`, { field });
}
