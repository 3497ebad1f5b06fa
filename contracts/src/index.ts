export {
  type ContractArtifact,
  type ImmutableReference,
  OWN_CONTRACTS,
  type OwnContractName,
  ownContract,
  PROTOCOL_CONTRACTS,
  type ProtocolContractName,
  packageContract,
  packageSource,
  protocolContract,
} from "./artifacts.ts";
export { compileFiles, compileOwnContracts } from "./compiler.ts";
export { CONTRACTS_ERRORS, ContractsError, type ContractsErrorCode } from "./errors.ts";
export { compileProtocolContracts, forgeBinary } from "./forge.ts";
