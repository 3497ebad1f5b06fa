export {
  type ContractArtifact,
  type ImmutableReference,
  OWN_CONTRACTS,
  type OwnContractName,
  ownContract,
  packageContract,
  packageSource,
} from "./artifacts.ts";
export { compileFiles, compileOwnContracts } from "./compiler.ts";
export { CONTRACTS_ERRORS, ContractsError, type ContractsErrorCode } from "./errors.ts";
