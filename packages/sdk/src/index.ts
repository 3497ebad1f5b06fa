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
