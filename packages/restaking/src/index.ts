export { type CoreAddresses, type CoreOptions, deployCore } from "./core.ts";
export { abiOf, type Clients } from "./deployment.ts";
export { RESTAKING_ERRORS, RestakingError, type RestakingErrorCode } from "./errors.ts";
export {
  createSuite,
  deployServices,
  MACH,
  type MachParams,
  type Rollup,
  type ServiceAddresses,
  type SuiteAddresses,
} from "./services.ts";
