export {
  type Batch,
  SINGULAR_BATCH_TYPE,
  type SingularBatch,
  SPAN_BATCH_TYPE,
  type SpanBatch,
  type SpanBatchBlock,
  type SpanBatchChain,
} from "./batch/batch.ts";
export {
  ChannelBuilder,
  type ChannelOptions,
  type CloseReason,
  compressionRatio,
  MAX_BLOB_FRAME_SIZE,
} from "./batch/channel-builder.ts";
export {
  BatchReader,
  CHANNEL_VERSION_BROTLI,
  channelCompression,
  decodeBatch,
  decodeChannel,
  encodeBatch,
  encodeChannel,
  encodeChannelContent,
} from "./batch/channel-codec.ts";
export {
  DERIVATION_VERSION_0,
  encodeFrames,
  FRAME_OVERHEAD,
  type Frame,
  MAX_FRAME_DATA,
  parseFrames,
} from "./batch/frame.ts";
export { MAX_SPAN_BATCH_ELEMENTS, makeSpanBatch } from "./batch/span-batch.ts";
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
export type {
  BlobReference,
  CompressionAlgorithm,
  Decompress,
  Derivation,
  DerivedAttributes,
  PipelineStart,
  PipelineStep,
} from "./derive/api.ts";
export { type PreparedAttributes, prepareAttributes } from "./derive/attributes.ts";
export { type BatchValidity, checkSingularBatch } from "./derive/batch-rules.ts";
export { DerivationPipeline } from "./derive/pipeline.ts";
export { isPipelineStart } from "./derive/start.ts";
export { BLOB_SIZE, decodeBlob, encodeBlob, MAX_BLOB_DATA_SIZE } from "./encoding/blob.ts";
export { bytesToHex, hexToBytes } from "./encoding/bytes.ts";
export { type OutputV0, outputRoot } from "./encoding/output-root.ts";
export {
  type ErrorDetails,
  isProtocolError,
  PROTOCOL_ERRORS,
  ProtocolError,
  type ProtocolErrorCode,
  type Severity,
} from "./errors.ts";
export { BLOB_BASE_FEE_UPDATE_FRACTION, blobBaseFee } from "./l1/blob-base-fee.ts";
export {
  DEPOSIT_TRANSACTION_TYPE,
  type DepositTransaction,
  decodeDepositTransaction,
  encodeDepositTransaction,
  isDepositTransaction,
} from "./l1/deposit-transaction.ts";
export { depositFromLog, deriveDeposits, TRANSACTION_DEPOSITED_TOPIC } from "./l1/deposits.ts";
export { type L1HeaderFields, l1HeaderHash } from "./l1/header.ts";
export {
  L1_ATTRIBUTES_DEPOSITOR,
  L1_BLOCK_PREDEPLOY,
  type L1BlockInfo,
  l1AttributesDeposit,
  parseL1Attributes,
} from "./l1/l1-attributes.ts";
export {
  l1InfoFromPayload,
  l2BlockRefFromPayload,
  systemConfigAsRecorded,
  systemConfigFromPayload,
} from "./l1/l2-payload.ts";
export { l1AttributesSourceHash, upgradeSourceHash, userDepositSourceHash } from "./l1/source-hash.ts";
export {
  applyConfigUpdate,
  CONFIG_UPDATE_TOPIC,
  type ConfigUpdate,
  configUpdateFromLog,
  configUpdates,
  decodeScalar,
  type EcotoneScalars,
  encodeScalar,
} from "./l1/system-config.ts";
export { ALERT_REASONS, type Alert, type AlertReason, NO_TRANSACTION } from "./mach/alert.ts";
export {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  signerBitmap,
  signersOf,
} from "./mach/certificate.ts";
export {
  compatibleAtHeight,
  type EqualHeightProof,
  isSlashable,
  type Relation,
  relate,
  type SlashingProof,
  sameBase,
  samePlace,
} from "./mach/contradiction.ts";
export {
  attributesHash,
  coreHash,
  type MachAttributes,
  MachDigests,
  type MachDomain,
  type RollupIdentity,
  rollupId,
} from "./mach/digest.ts";
export {
  type EpochSchedule,
  epochBlock,
  epochOf,
  MACH_PARAMETERS,
  type MachParameters,
  type MessageFault,
  messageFault,
  slashingHorizon,
  undecidedBlocks,
} from "./mach/epoch.ts";
export type { Link } from "./mach/link.ts";
export {
  type Base,
  BLOCK,
  type Core,
  decodeMessage,
  encodeMessage,
  MESSAGE_BYTES,
  type Message,
  type MessageKind,
  SLICE,
  type Statement,
  ZERO_HASH,
} from "./mach/message.ts";
export {
  appendLeaf,
  EMPTY_RANGE,
  historyLeaf,
  type InclusionProof,
  inclusionRanges,
  joinNodes,
  MAX_PATH,
  MountainRange,
  prefixRanges,
  prefixRoots,
  type RangePeaks,
  rangeRoot,
  rangeSplit,
  rootOfInclusion,
  transactionLeaf,
} from "./mach/range.ts";
export { encodeShares, type RewardsReport } from "./mach/report.ts";
export {
  exceedsThird,
  isQuorum,
  type OperatorEntry,
  sumWeights,
  type TableHeader,
  TableTree,
  tableCommitment,
  tableLeaf,
} from "./mach/table.ts";
export * from "./types.ts";
