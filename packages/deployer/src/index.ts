export { DEPLOYER_ERRORS, DeployerError, type DeployerErrorCode } from "./errors.ts";
export {
  type BuiltChainFiles,
  buildChainFiles,
  type ChainFilesOptions,
  withLaterForks,
} from "./genesis/chain-files.ts";
export { buildL2Genesis, type GethGenesis, type L2Genesis } from "./genesis/genesis.ts";
export {
  EIP1559_DEFAULTS,
  type FeeVaultOptions,
  feeVaultsTo,
  forkTimesAtGenesis,
  type GenesisOptions,
} from "./genesis/options.ts";
export { buildRollupConfig, ROLLUP_TIMING, type RollupTiming } from "./genesis/rollup-config.ts";
export type { L1Access } from "./l1/access.ts";
export { type DeployDependencies, type Deployment, type DeployOptions, deployL1Contracts } from "./l1/deploy.ts";
export {
  type GamePlayers,
  type GameTerms,
  gameCreationData,
  type ReadCall,
  readGamePlayers,
  readGameTerms,
} from "./l1/game-implementation.ts";
export { MULTICALL3_ADDRESS } from "./l1/multicall3.ts";
export type { Progress } from "./l1/send.ts";
export {
  batchInboxOf,
  DEVELOPMENT_PRESTATE,
  type DeploymentParameters,
  type DeploymentParametersInput,
  deploymentParametersSchema,
  developmentParameters,
  parseDeploymentParameters,
  type Roles,
} from "./parameters.ts";
export { type ChainKind, DEVELOPMENT_CHAIN_IDS, isDevelopmentChain, isMadeUpPrestate } from "./safeguards.ts";
export type { Hex, L1Addresses, L1Anchor } from "./types.ts";
