import {
  bytesToHex,
  type Certificate,
  type EpochSchedule,
  epochBlock,
  hexToBytes,
  isQuorum,
  type MachDigests,
  messageFault,
} from "@altlayer/protocol";
import { Bounded } from "../bounded.ts";
import type { Bn254Like, KeySetLike } from "../options.ts";
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

/** Checks all but the encoding and the signature (`AggregateCheck`). The table is that of the message's epoch. */
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

/** Pairs of keys that are remembered: few quorums sign nearly everything. */
const MAX_MATCHED = 64;

/**
 * Checks aggregates, off the main thread. That an aggregate key's halves in G1 and G2 have one secret is found out with its
 * first signature (docs/spec/mach.md, section 7); from then on its signatures are checked by the half in G2 alone, which
 * takes half the time.
 */
export class AggregateCheck {
  readonly #digests: MachDigests;
  readonly #bn254: Bn254Like;
  readonly #matched = new Bounded<string, KeySetLike>(MAX_MATCHED);

  constructor(dependencies: { readonly digests: MachDigests; readonly bn254: Bn254Like }) {
    this.#digests = dependencies.digests;
    this.#bn254 = dependencies.bn254;
  }

  /** Whether the table's members that the certificate names signed it. */
  async isSigned(
    { message, signers, signature, aggregateKey }: Certificate,
    table: Pick<EpochTable, "keyOf">,
  ): Promise<boolean> {
    const g1 = table.keyOf(signers);
    if (g1 === null) return false;
    const pair = `${bytesToHex(g1)}${aggregateKey}`;
    const digest = hexToBytes(this.#digests.message(message));
    const sigma = hexToBytes(signature);
    const known = this.#matched.get(pair);
    try {
      if (known !== undefined) {
        this.#matched.set(pair, known);
        return (await known.invalidSignatures(digest, [{ position: 0, signature: sigma }])).length === 0;
      }
      const g2 = hexToBytes(aggregateKey);
      const signed = await this.#bn254.verifyAggregate({ g1, g2 }, digest, sigma);
      if (signed) this.#matched.set(pair, this.#bn254.keySet([g2]));
      return signed;
    } catch {
      // What is no point is no signature.
      return false;
    }
  }
}
