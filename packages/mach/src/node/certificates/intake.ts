import {
  bytesToHex,
  type Certificate,
  decodeCertificate,
  decodeMessage,
  type EpochSchedule,
  type Hex,
  type MachDigests,
  MESSAGE_BYTES,
  type Message,
} from "@altlayer/protocol";
import type { EpochTable } from "../table/epoch-table.ts";
import { CERTIFICATE_OFFENCES, type CertificateFault, certificateFault } from "./check.ts";

/** All of a certificate is right but for its signature, which is not checked yet. */
export interface Claim {
  readonly digest: Hex;
  readonly certificate: Certificate;
  readonly table: EpochTable;
}

export type Intake =
  | { readonly verdict: "claim"; readonly claim: Claim }
  /** Nothing new, or not to be judged: `why` is for counting. `digest` and `signers` where it says what is known. */
  | { readonly verdict: "ignored"; readonly why: string }
  | { readonly verdict: "known"; readonly digest: Hex; readonly signers: number }
  /** Its table is not known yet. */
  | { readonly verdict: "waiting"; readonly height: number }
  /** Whoever sent it did not check it. */
  | { readonly verdict: "offence"; readonly why: string };

export interface IntakeContext {
  readonly schedule: EpochSchedule;
  readonly certificateAge: number;
  readonly l1Head: number;
  readonly table: (epoch: number) => EpochTable | undefined;
  /** Signers of the certificate that is held of a digest. */
  readonly signerCount: (digest: Hex) => number;
  /** Heights at or below are not kept. */
  readonly floor: number;
}

/** Judges wire bytes of a certificate, what is cheap first; the pairing is left to who needs it. */
export function takeCertificate(
  encoded: Uint8Array,
  context: IntakeContext,
  { digests }: { readonly digests: MachDigests },
): Intake {
  let message: Message;
  let digest: Hex;
  try {
    message = decodeMessage(encoded.subarray(1, 1 + MESSAGE_BYTES));
    digest = digests.message(message);
  } catch {
    return { verdict: "offence", why: "MALFORMED" };
  }
  if (message.core.height <= context.floor) return { verdict: "ignored", why: "height too low" };
  const signers = bitsOf(encoded);
  if (context.signerCount(digest) >= signers) return { verdict: "known", digest, signers };
  const table = context.table(message.base.epoch);
  if (table === undefined) return { verdict: "waiting", height: message.core.height };
  // Before its bitmap: that has the length of the table.
  const commitment = bytesToHex(encoded.subarray(1 + MESSAGE_BYTES, 1 + MESSAGE_BYTES + 32));
  if (commitment !== table.commitment) return { verdict: "ignored", why: "OTHER_TABLE" };
  let certificate: Certificate;
  try {
    certificate = decodeCertificate(encoded, table.header.depth);
  } catch {
    return { verdict: "offence", why: "MALFORMED" };
  }
  const fault: CertificateFault | null = certificateFault(certificate, { ...context, table });
  if (fault === null) return { verdict: "claim", claim: { digest, certificate, table } };
  return { verdict: CERTIFICATE_OFFENCES.has(fault) ? "offence" : "ignored", why: fault };
}

/** Bits set behind the fixed part: as many signers as the certificate can have. */
function bitsOf(encoded: Uint8Array): number {
  let bits = 0;
  for (const byte of encoded.subarray(1 + MESSAGE_BYTES + 32 + 64 + 128 + 2)) {
    for (let rest = byte; rest !== 0; rest &= rest - 1) bits++;
  }
  return bits;
}
