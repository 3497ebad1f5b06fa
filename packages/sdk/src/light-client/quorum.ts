import { type Certificate, joinNodes, type TableHeader, tableLeaf } from "@altlayer/protocol";
import { concat, type Hex, keccak256, numberToHex } from "viem";
import { SdkError } from "../errors.ts";
import type { CertificateRecord } from "../rpc/schemas.ts";
import { aggregateLess, type G1Coordinates } from "./bn254.ts";

export const hashBytes = (bytes: Uint8Array): Uint8Array => keccak256(bytes, "bytes");

/** Who signed: everybody in the table but the absent ones, by key and weight. */
export interface Quorum {
  readonly key: G1Coordinates;
  /** By asset class. */
  readonly signed: readonly bigint[];
  readonly total: readonly bigint[];
}

export function tableHeader({ table }: CertificateRecord): TableHeader {
  const word = (value: bigint) => numberToHex(value, { size: 32 });
  const aggregateKey = concat([word(table.aggregateX), word(table.aggregateY)]);
  return {
    epoch: table.epoch,
    depth: table.depth,
    root: table.root,
    aggregateKey,
    active: table.active,
    total: table.total,
  };
}

/**
 * docs/spec/mach.md, section 7: absent operators in ascending order, each found in the table, then the threshold in
 * every class.
 * @throws SdkError `ABSENT_INVALID`, `BELOW_THRESHOLD`, `POINT_INVALID`, `CERTIFICATE_MALFORMED`
 */
export function requireQuorum({
  record,
  certificate,
  threshold,
}: {
  readonly record: CertificateRecord;
  readonly certificate: Certificate;
  readonly threshold: { readonly numerator: bigint; readonly denominator: bigint };
}): Quorum {
  const { table, absent } = record;
  const signed = [...table.active];
  const named = new Set(certificate.signers);
  let next = 0;
  for (const entry of absent) {
    const { index, weight } = entry;
    const known = index >= next && index < 2 ** table.depth && entry.path.length === table.depth;
    if (!known || weight.length !== signed.length || rootAbove(entry) !== table.root) {
      throw new SdkError("ABSENT_INVALID", `absent operator ${index} is not in the table at its place`, { index });
    }
    if (named.has(index)) {
      throw new SdkError("CERTIFICATE_MALFORMED", `operator ${index} is both signer and absent`, { index });
    }
    for (const [c, value] of weight.entries()) signed[c] = (signed[c] as bigint) - value;
    next = index + 1;
  }
  for (const [c, total] of table.total.entries()) {
    const weight = signed[c] as bigint;
    if (weight * threshold.denominator > total * threshold.numerator) continue;
    throw new SdkError("BELOW_THRESHOLD", `too little weight of class ${c} signed`, {
      class: c,
      signed: weight,
      total,
    });
  }
  const key = aggregateLess(
    { x: table.aggregateX, y: table.aggregateY },
    absent.map(({ g1x, g1y }) => ({ x: g1x, y: g1y })),
  );
  if (key === null) throw new SdkError("BELOW_THRESHOLD", "nobody signed");
  return { key, signed, total: table.total };
}

function rootAbove(entry: CertificateRecord["absent"][number]): Hex {
  const key = concat([numberToHex(entry.g1x, { size: 32 }), numberToHex(entry.g1y, { size: 32 })]);
  const leaf = tableLeaf({ operator: entry.operator, key, weights: entry.weight }, hashBytes);
  return entry.path.reduce(
    (node, sibling, level) =>
      (entry.index >> level) % 2 === 1 ? joinNodes(sibling, node, hashBytes) : joinNodes(node, sibling, hashBytes),
    leaf,
  );
}

/** The certificate's bytes, and that the record's readable fields say the same. @throws SdkError `CERTIFICATE_MALFORMED` */
export function requireConsistent(record: CertificateRecord, certificate: Certificate, digest: Hex): void {
  const { message } = certificate;
  const same =
    record.digest === digest &&
    record.height === message.core.height &&
    record.kind === (message.kind === 2 ? "block" : "slice") &&
    record.transactionCount === message.core.transactionCount &&
    record.blockHash === (message.kind === 2 ? message.core.blockHash : null) &&
    record.signers.every(({ index }, i) => index === certificate.signers[i]) &&
    record.signers.length === certificate.signers.length;
  if (!same) throw new SdkError("CERTIFICATE_MALFORMED", "the record and the certificate's bytes disagree");
}
