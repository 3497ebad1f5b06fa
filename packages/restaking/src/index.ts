// What an account does with its stake is the SDK's; who restakes a rollup needs both.
export {
  type AllocationState,
  allocateCalls,
  allocationsOf,
  type Bounty,
  bountyOf,
  type Call,
  claimCalls,
  claimedFaults,
  claimOf,
  commitCall,
  completeWithdrawalCalls,
  type DelegationApproval,
  DistributionTree,
  delegateCalls,
  depositCalls,
  deregisterKeyCalls,
  type Earnings,
  earningsAt,
  encodeCall,
  execute,
  executeAll,
  isMember,
  joinCalls,
  type KeyMaker,
  type KeyProof,
  keyDataOf,
  keyInfo,
  leaveCalls,
  type OperatorSetId,
  type OperatorStatus,
  operatorSet,
  operatorStatus,
  payBountyCall,
  proveKey,
  type QueuedWithdrawal,
  queueWithdrawalCalls,
  type RewardsClaim,
  refreshCall,
  registerKeyCalls,
  registerOperatorCalls,
  type ServiceContext,
  type ServiceStatus,
  type StakerStatus,
  type StrategyContext,
  serviceStatus,
  stakerStatus,
  submitRootCalls,
  sweepCall,
  type TableMember,
  type TableState,
  table,
  tableMember,
  tableState,
  tokenOf,
  undelegateCalls,
  type Windows,
  type Withdrawal,
} from "@altlayer/sdk";
export type { Sending } from "./batch.ts";
export { type CoreAddresses, type CoreOptions, deployCore } from "./core.ts";
export { abiOf, type Clients } from "./deployment.ts";
export { deployDevelopmentCore } from "./dev/development-core.ts";
export {
  type DevOperator,
  devOperator,
  type EnsureRestakingOptions,
  ensureRestaking,
  type Restaking,
  type RestakingDependencies,
} from "./dev/ensure-restaking.ts";
export { ensureFoundation, grantAlt } from "./dev/foundation.ts";
export { altNeeded, type Foundation } from "./dev/plan.ts";
export { type DevDelays, developmentTerms } from "./dev/terms.ts";
export { RESTAKING_ERRORS, RestakingError, type RestakingErrorCode } from "./errors.ts";
export type { Evidence, RangeProver, SignedMessage } from "./evidence/evidence.ts";
export {
  ContradictionFinder,
  FINDER_LIMITS,
  type FinderLimits,
  type StoredCertificates,
} from "./evidence/finder.ts";
export { proveContradiction } from "./evidence/prove.ts";
export { bountySalt, convictionOf, type Recorded, recordEvidence } from "./evidence/recorder.ts";
export { doubtful } from "./evidence/replay.ts";
export {
  certificateStruct,
  claimBountyCall,
  commitBountyCall,
  convictCalls,
  proveCall,
  slashCall,
} from "./evidence/slasher.ts";
export { contradictionStruct, g1Struct, g2Struct, messageStruct } from "./evidence/structs.ts";
export { EvidenceWatch } from "./evidence/watch.ts";
export { type EpochTable, epochTable, type TableEntryStruct } from "./history/epoch-table.ts";
export { TableHistory, type WeightChange } from "./history/table-history.ts";
export {
  Keeper,
  type KeeperLog,
  type KeeperOptions,
  type KeeperStatus,
  type ReportSource,
} from "./keeper/keeper.ts";
export { planUpkeep, type Task, type Upkeep } from "./keeper/plan.ts";
export { NETWORKS, type NetworkName, type RollupTiming, windowsOf } from "./presets.ts";
export { type ReportSignature, submitReportCall } from "./rewards/report.ts";
export {
  addressSchema,
  coreAddressesSchema,
  type MachServiceFile,
  parseServiceFile,
  serviceFileJson,
} from "./service-file.ts";
export {
  createSuite,
  deployServices,
  findSuite,
  MACH,
  type MachParams,
  nominateCall,
  type Rollup,
  type ServiceAddresses,
  type SuiteAddresses,
  startCall,
} from "./services.ts";
export { ensureStrategy } from "./strategy.ts";
export { read } from "./transaction.ts";
