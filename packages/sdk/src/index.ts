export { type CertificateQuery, getCertificate } from "./actions/getCertificate.ts";
export { getCertifiedHead } from "./actions/getCertifiedHead.ts";
export { type FinalityQuery, getFinality } from "./actions/getFinality.ts";
export { getService } from "./actions/getService.ts";
export { type MachActions, machActions } from "./actions/mach-actions.ts";
export { type WaitForFinalityOptions, waitForFinality } from "./actions/waitForFinality.ts";
export { type WatchCertificatesOptions, watchCertificates } from "./actions/watchCertificates.ts";
export { type ContractCertificate, contractCertificate } from "./contracts/contract-certificate.ts";
export { machVerifierAbi } from "./contracts/mach-verifier-abi.ts";
export { getReceiptProof, type ReceiptProof } from "./contracts/receipt-proof.ts";
export { isSdkError, SDK_ERRORS, SdkError, type SdkErrorCode } from "./errors.ts";
export { checkedHeader } from "./light-client/header.ts";
export type { L1Trust } from "./light-client/l1-view.ts";
export type { ServicePin } from "./light-client/service.ts";
export {
  type CertificateWarning,
  type Trusted,
  type VerifiedCertificate,
  type VerifyCertificateOptions,
  verifyCertificate,
} from "./light-client/verify-certificate.ts";
export { type AnyClient, parse as parseAnswer } from "./rpc/call.ts";
export {
  type CertificateRecord,
  type CertifiedHead,
  certificateRecordSchema,
  FINALITY_LEVELS,
  type Finality,
  type FinalityLevel,
  finalitySchema,
  headSchema,
  type L1Header,
  type MachServiceInfo,
} from "./rpc/schemas.ts";
export { type Bounty, bountyOf, claimedFaults, payBountyCall } from "./staking/bounty.ts";
export {
  type Call,
  type CallClients,
  encodeCall,
  execute,
  executeAll,
  type OnStep,
  view,
} from "./staking/call.ts";
export { getOperators, type OperatorStake } from "./staking/getOperators.ts";
export { getSlashes, type SlashedOperator, type Slashes } from "./staking/getSlashes.ts";
export { getStake, type Stake, type StakePosition, type WaitingWithdrawal } from "./staking/getStake.ts";
export { getStakingService, type StakingService } from "./staking/getStakingService.ts";
export { type KeyMaker, type KeyProof, keyDataOf, keyInfo, type OperatorSetId, proveKey } from "./staking/keys.ts";
export { type FoundLog, findLogs } from "./staking/logs.ts";
export {
  type AllocationState,
  allocateCalls,
  allocationsOf,
  deregisterKeyCalls,
  isMember,
  joinCalls,
  leaveCalls,
  registerKeyCalls,
  registerOperatorCalls,
} from "./staking/operator.ts";
export { type OperatorStatus, operatorStatus } from "./staking/operator-status.ts";
export { receiptOf } from "./staking/receipt.ts";
export { claimableOf, claimCalls, claimOf, earningsAt, submitRootCalls } from "./staking/rewards/distribution.ts";
export { DistributionTree, type Earnings, type RewardsClaim } from "./staking/rewards/merkle.ts";
export { type ServiceStatus, serviceStatus } from "./staking/service-status.ts";
export {
  operatorSet,
  type ServiceContext,
  type StakingCore,
  type StakingSuite,
  type StrategyContext,
} from "./staking/sets.ts";
export {
  completeWithdrawalCalls,
  type DelegationApproval,
  delegateCalls,
  depositCalls,
  type QueuedWithdrawal,
  queueWithdrawalCalls,
  type StakerStatus,
  stakerStatus,
  tokenOf,
  undelegateCalls,
  type Withdrawal,
} from "./staking/stake.ts";
export {
  type OperatorActions,
  operatorActions,
  type StakerActions,
  type StakingActions,
  stakerActions,
  stakingActions,
} from "./staking/staking-actions.ts";
export {
  commitCall,
  refreshCall,
  sweepCall,
  type TableMember,
  type TableState,
  table,
  tableMember,
  tableState,
  type Windows,
} from "./staking/table.ts";
