export * from "./types.ts";
export { type ErrorDetails, isProtocolError, PROTOCOL_ERRORS, ProtocolError, type ProtocolErrorCode, type Severity } from "./errors.ts";
export {
  checkForkSchedule,
  type DerivationParameters,
  derivationParameters,
  FORKS,
  type ForkName,
  type ForkTimes,
  forkAt,
  isForkActivationBlock,
  isForkActive,
} from "./config/forks.ts";
export {
  checkRollupConfig,
  type Eip1559Defaults,
  parseRollupConfig,
  type RollupConfig,
  serializeRollupConfig,
} from "./config/rollup-config.ts";
