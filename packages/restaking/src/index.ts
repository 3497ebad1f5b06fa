export { type CoreAddresses, type CoreOptions, deployCore } from "./core.ts";
export { abiOf, type Clients } from "./deployment.ts";
export {
  type DevOperator,
  type EnsureRestakingOptions,
  ensureRestaking,
  type Restaking,
  type RestakingDependencies,
} from "./dev/ensure-restaking.ts";
export { developmentTerms, developmentWindows, type RollupTiming } from "./dev/terms.ts";
export { RESTAKING_ERRORS, RestakingError, type RestakingErrorCode } from "./errors.ts";
export { type KeyMaker, type KeyProof, keyDataOf, keyInfo, type OperatorSetId, proveKey } from "./keys.ts";
export { coreAddressesSchema, type MachServiceFile, parseServiceFile, serviceFileJson } from "./service-file.ts";
export {
  createSuite,
  deployServices,
  MACH,
  type MachParams,
  type Rollup,
  type ServiceAddresses,
  type SuiteAddresses,
} from "./services.ts";
