export {
  AGGREGATOR_LIMITS,
  type AggregatorConfig,
  type AggregatorEffect,
  type AggregatorInput,
  type AggregatorState,
  type AggregatorStep,
  EMPTY_AGGREGATOR,
  type Rejection,
  type SignerShare,
  stepAggregator,
} from "./core/aggregator.ts";
export {
  type AlertBook,
  type AlertEffect,
  type AlertInput,
  type AlertStep,
  EMPTY_ALERT_BOOK,
  stepAlertBook,
} from "./core/alert-book.ts";
export {
  type OperatorContext,
  type OperatorEffect,
  type OperatorInput,
  type OperatorStep,
  startOperator,
  stepOperator,
} from "./core/operator.ts";
export type { Candidate, Obstacle, OperatorState } from "./core/operator-state.ts";
export { agreesWithCount, type CountedCertificate, participationReport } from "./core/participation.ts";
export { SIGNING_RULES, type SigningRule } from "./core/signing-rule.ts";
export type * from "./core/types.ts";
export { MAX_EXTENSION_CORES, OPERATOR_LIMITS } from "./core/types.ts";
export { MACH_ERRORS, MachError, type MachErrorCode } from "./errors.ts";
export type { AlertEvent, SuspectBlock } from "./node/alerts.ts";
export type { CertificateQuery, CertificateRecord } from "./node/certificates/certificate-store.ts";
export { type CertificateFault, certificateFault } from "./node/certificates/check.ts";
export type { VoidReason } from "./node/certificates/stored-records.ts";
export type { ChainEvent, MachChain } from "./node/chain.ts";
export {
  createKeystore,
  deriveSetSecret,
  KEYSTORE_DERIVATION,
  type KeyDerivation,
  type KeySet,
  type Keystore,
  newSeed,
  openKeystore,
  readKeystore,
  writeKeystore,
} from "./node/keystore.ts";
export type { L1Reader } from "./node/l1-reader.ts";
export {
  type Bn254Like,
  MACH_TUNING,
  type MachDependencies,
  type MachLog,
  type MachOperatorOptions,
  type MachOptions,
  type MachTuning,
  type ServiceIdentity,
} from "./node/options.ts";
export type { CertifiedReport } from "./node/reports.ts";
export type { MachService, MachStatus, SeenShare, Silence } from "./node/service.ts";
export { domainOf as machDomainOf } from "./node/service-domain.ts";
export { localSigner } from "./node/signer/local-signer.ts";
export { type RemoteSignerOptions, remoteSigner } from "./node/signer/remote-signer.ts";
export { type SignerServer, type SignerServerOptions, serveSigner } from "./node/signer/serve-signer.ts";
export type { MachSigner, SignerJournal } from "./node/signer/signer.ts";
export { type JournalOptions, SigningJournal } from "./node/signing-journal.ts";
export { startMach } from "./node/start.ts";
export { EpochTable, type TableMember } from "./node/table/epoch-table.ts";
export { readServiceTerms, type ServiceTerms } from "./node/table/table-contract.ts";
export { fastHash } from "./sim/fast-hash.ts";
export { type ScaleCosts, type ScaleOptions, type ScaleReport, simulateScale } from "./sim/scale.ts";
export { REAL, type SimulationReport, simulate } from "./sim/simulate.ts";
