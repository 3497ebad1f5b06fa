import {
  BLOCK,
  type Certificate,
  decodeCertificate,
  epochBlock,
  isProtocolError,
  MachDigests,
  type Message,
  messageFault,
  tableCommitment,
} from "@altlayer/protocol";
import { type Address, getAddress, type Hex, hexToBytes } from "viem";
import { SdkError } from "../errors.ts";
import type { AnyClient } from "../rpc/call.ts";
import type { CertificateRecord } from "../rpc/schemas.ts";
import { isSignedBy } from "./bn254.ts";
import { type L1Trust, L1View } from "./l1-view.ts";
import { hashBytes, requireConsistent, requireQuorum, tableHeader } from "./quorum.ts";
import { proveConvicted, proveService, type ServiceFacts, type ServicePin } from "./service.ts";

export interface VerifyCertificateOptions {
  /** As `getCertificate` gives it. Nothing in it is believed. */
  readonly certificate: CertificateRecord;
  /** A viem client of the L1: any, except that `trust: { kind: "rpc" }` believes it. */
  readonly l1Client: AnyClient;
  readonly trust: {
    readonly service: ServicePin;
    readonly l1: L1Trust;
    /** Seconds that the L1 block which is believed may lie behind `now` before the answer warns; 180 unless given. */
    readonly maxL1AgeSeconds?: number;
  };
  /** Milliseconds since 1970; the clock of this machine unless given. */
  readonly now?: number;
}

/** On whose word the answer rests, beside the pinned service and the operators' stake. */
export type Trusted =
  /** `l1Client`, for what the L1's newest block is. */
  | "l1-rpc"
  /** The block hash given, and that it is fresh. */
  | "l1-block-hash"
  /** That not all of the agreeing L1 nodes lie together. */
  | "l1-quorum"
  /** The node that gave the certificate, for which operators stand at the signers' indices: only `jailed` depends on it. */
  | "certificate-node-for-names";

export type CertificateWarning =
  /** Stake could leave before a fault is slashed: the registrar's `slashableInTime` is false. */
  | "not-slashable-in-time"
  /** Operators among the signers have been convicted of a fault since. */
  | "jailed-signers"
  /** The node says that the L1 derived something else: the certificate is void. */
  | "void"
  /** The L1 block that is believed is old: what happened since is not seen. */
  | "l1-stale";

export interface VerifiedCertificate {
  readonly digest: Hex;
  readonly message: Message;
  readonly kind: "slice" | "block";
  readonly height: number;
  /** `null` for a slice. */
  readonly blockHash: Hex | null;
  readonly transactionCount: number;
  readonly transactionRoot: Hex;
  /** Weight that signed and weight in all, by asset class. */
  readonly signed: readonly bigint[];
  readonly total: readonly bigint[];
  /** Indices in the epoch's table. */
  readonly signers: readonly number[];
  readonly jailed: readonly { readonly index: number; readonly operator: Address }[];
  /** The L1 block as of which all this holds. */
  readonly l1: { readonly number: number; readonly hash: Hex };
  /** Verifiers accept the certificate up to this L1 block. */
  readonly lastL1Block: number;
  readonly trusts: readonly Trusted[];
  readonly warnings: readonly CertificateWarning[];
}

const DEFAULT_MAX_L1_AGE_SECONDS = 180;

/**
 * Checks a certificate against the L1 alone, as a light client: the message, its domain, the operator table by a
 * storage proof, absent operators' places, the threshold in every class, the BN254 pairing, its age, and that the L1
 * blocks below it are the L1's (docs/spec/mach.md, section 7). A valid certificate says that stake stands behind a
 * result, not that the result is right: section 10 of the same page says what stake does not cover.
 * @throws SdkError with what is wrong; temporary ones may pass later. viem's errors where the L1 does not answer
 * @example
 * const certificate = await client.getCertificate({ hash });
 * const { blockHash, trusts, warnings } = await verifyCertificate({
 *   certificate, l1Client, trust: { service: { l1ChainId: 1, avs, rollupId }, l1: { kind: "rpc" } },
 * });
 */
export async function verifyCertificate(options: VerifyCertificateOptions): Promise<VerifiedCertificate> {
  const { certificate: record, l1Client, trust } = options;
  const { service: pin } = trust;
  const certificate = decode(record);
  const { message } = certificate;
  const domain = { l1ChainId: pin.l1ChainId, avs: pin.avs, operatorSetId: 0, rollupId: pin.rollupId };
  const digest = new MachDigests(domain, { keccak256: hashBytes }).message(message);
  requireConsistent(record, certificate, digest);

  const view = await L1View.open({ l1ChainId: pin.l1ChainId, trust: trust.l1 }, { client: l1Client });
  const facts = await proveService({ pin, epoch: message.base.epoch }, { view });
  const lastL1Block = requireTime(message, { facts, view });
  requireTable(record, { facts, certificate });
  const [, convicted] = await Promise.all([
    requireCanonical(message, { facts, view }),
    proveConvicted({ slasher: facts.slasher, operators: record.signers.map(({ operator }) => operator) }, { view }),
  ]);
  const { key, signed, total } = requireQuorum({ record, certificate, threshold: facts.threshold });
  const { aggregateKey, signature } = certificate;
  if (!isSignedBy({ key, aggregateKey, digest, signature })) {
    throw new SdkError("SIGNATURE_INVALID", "the operators of the table did not sign this message", { digest });
  }

  const jailed = record.signers.filter((_, i) => convicted[i]);
  const ageSeconds = (options.now ?? Date.now()) / 1000 - view.header.timestamp;
  const block = message.kind === BLOCK;
  return {
    digest,
    message,
    kind: block ? "block" : "slice",
    height: message.core.height,
    blockHash: block ? message.core.blockHash : null,
    transactionCount: message.core.transactionCount,
    transactionRoot: message.core.transactionRoot,
    signed,
    total,
    signers: certificate.signers,
    jailed: jailed.map(({ index, operator }) => ({ index, operator: getAddress(operator) })),
    l1: { number: view.header.number, hash: view.header.hash },
    lastL1Block,
    trusts: [TRUSTED[trust.l1.kind], "certificate-node-for-names"],
    warnings: [
      ...(facts.slashableInTime ? [] : (["not-slashable-in-time"] as const)),
      ...(jailed.length === 0 ? [] : (["jailed-signers"] as const)),
      ...(record.void === null ? [] : (["void"] as const)),
      ...(ageSeconds <= (trust.maxL1AgeSeconds ?? DEFAULT_MAX_L1_AGE_SECONDS) ? [] : (["l1-stale"] as const)),
    ],
  };
}

const TRUSTED = { rpc: "l1-rpc", blockHash: "l1-block-hash", quorum: "l1-quorum" } as const satisfies Record<
  L1Trust["kind"],
  Trusted
>;

function decode(record: CertificateRecord): Certificate {
  try {
    return decodeCertificate(hexToBytes(record.certificate), record.table.depth);
  } catch (cause) {
    if (!isProtocolError(cause)) throw cause;
    throw new SdkError("CERTIFICATE_MALFORMED", `the bytes are no certificate: ${cause.message}`, {}, cause);
  }
}

/** Well-formedness, epoch and age. @returns the last L1 block at which it is accepted. */
function requireTime(
  message: Message,
  { facts, view }: { readonly facts: ServiceFacts; readonly view: L1View },
): number {
  const { k: depth, epochLength, certificateAge } = facts.windows;
  const schedule = { startBlock: facts.startBlock, depth, epochLength };
  const fault = messageFault(message, schedule);
  if (fault !== null) throw new SdkError("MESSAGE_MALFORMED", `the message is not well formed: ${fault}`, { fault });
  const last = epochBlock(message.base.epoch, schedule) + certificateAge;
  if (view.header.number > last) {
    throw new SdkError("CERTIFICATE_TOO_OLD", `certificates of this epoch are refused after L1 block ${last}`, {
      last,
      l1: view.header.number,
    });
  }
  return last;
}

function requireTable(
  record: CertificateRecord,
  { facts, certificate }: { readonly facts: ServiceFacts; readonly certificate: Certificate },
): void {
  const { commitment } = facts;
  const { epoch } = record.table;
  if (commitment === null) {
    throw new SdkError("TABLE_NOT_COMMITTED", `nobody has committed the table of epoch ${epoch} on L1 yet`, { epoch });
  }
  let computed: Hex;
  try {
    computed = tableCommitment(tableHeader(record), hashBytes);
  } catch (cause) {
    throw new SdkError("TABLE_MISMATCH", "the table's header is malformed", { epoch }, cause);
  }
  if (computed !== commitment || certificate.tableCommitment !== commitment) {
    throw new SdkError("TABLE_MISMATCH", `the table is not the one committed for epoch ${epoch}`, { epoch });
  }
}

async function requireCanonical(
  { core, base }: Message,
  { facts, view }: { readonly facts: ServiceFacts; readonly view: L1View },
): Promise<void> {
  const { k: depth, epochLength } = facts.windows;
  const number = epochBlock(base.epoch, { startBlock: facts.startBlock, depth, epochLength });
  const [origin, epoch] = await view.has([
    { number: core.originNumber, hash: core.originHash },
    { number, hash: base.l1Hash },
  ]);
  if (!origin) {
    const details = { number: core.originNumber, hash: core.originHash };
    throw new SdkError("ORIGIN_NOT_CANONICAL", "the block's L1 origin is not part of the L1", details);
  }
  if (!epoch) throw new SdkError("BASE_NOT_CANONICAL", "the epoch's L1 block is not part of the L1", { number });
}
