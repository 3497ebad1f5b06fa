import {
  type Certificate,
  type EpochSchedule,
  epochBlock,
  hexToBytes,
  isQuorum,
  type MachDigests,
  messageFault,
} from "@altlayer/protocol";
import type { Bn254Like } from "../options.ts";
import type { EpochTable } from "../table/epoch-table.ts";

/**
 * Why a certificate is refused, in the order of docs/spec/mach.md, section 7. `offence`: whoever sends it on did not
 * check it, since honest nodes cannot differ about it.
 */
export type CertificateFault =
  | "MALFORMED_MESSAGE"
  | "OTHER_TABLE"
  | "NOT_A_MEMBER"
  | "TOO_OLD"
  | "BELOW_THRESHOLD"
  | "WRONG_SIGNATURE";

export const CERTIFICATE_OFFENCES: ReadonlySet<CertificateFault> = new Set([
  "MALFORMED_MESSAGE",
  "NOT_A_MEMBER",
  "BELOW_THRESHOLD",
  "WRONG_SIGNATURE",
]);

/** Checks all but the encoding and the signature (`isSigned`). The table is that of the message's epoch. */
export function certificateFault(
  certificate: Certificate,
  context: {
    readonly table: EpochTable;
    readonly schedule: EpochSchedule;
    readonly certificateAge: number;
    readonly l1Head: number;
  },
): Exclude<CertificateFault, "WRONG_SIGNATURE"> | null {
  const { message, signers, tableCommitment } = certificate;
  const { table, schedule } = context;
  if (messageFault(message, schedule) !== null) return "MALFORMED_MESSAGE";
  if (message.base.epoch !== table.epoch || tableCommitment !== table.commitment) return "OTHER_TABLE";
  if (signers.some((index) => !table.members.has(index))) return "NOT_A_MEMBER";
  if (epochBlock(table.epoch, schedule) + context.certificateAge < context.l1Head) return "TOO_OLD";
  if (!isQuorum(table.signedWeight(signers), table.header.total)) return "BELOW_THRESHOLD";
  return null;
}

/** Whether the table's members that the certificate names signed it: two pairings, off the main thread. */
export async function isSigned(
  { message, signers, signature, aggregateKey }: Certificate,
  table: EpochTable,
  { digests, bn254 }: { readonly digests: MachDigests; readonly bn254: Bn254Like },
): Promise<boolean> {
  const g1 = table.keyOf(signers);
  if (g1 === null) return false;
  const digest = hexToBytes(digests.message(message));
  try {
    return await bn254.verifyAggregate({ g1, g2: hexToBytes(aggregateKey) }, digest, hexToBytes(signature));
  } catch {
    // What is no point is no signature.
    return false;
  }
}
