import type { CertificateRecord } from "@altlayer/mach";
import { BLOCK, type Core, type Hex, type Message } from "@altlayer/protocol";

export const quantity = (value: number | bigint): Hex => `0x${value.toString(16)}`;
const quantities = (values: readonly bigint[]) => values.map(quantity);
/** The two coordinates of a G1 point of 64 bytes, as a contract takes them. */
const coordinates = (point: Hex): readonly [Hex, Hex] => [
  quantity(BigInt(point.slice(0, 66))),
  quantity(BigInt(`0x${point.slice(66)}`)),
];

/** A certificate with its table, as `mach_getCertificate` answers it: all that a contract's `verify` takes. */
export function certificateJson(record: CertificateRecord) {
  const { certificate, table } = record;
  const { core, kind } = certificate.message;
  const { header } = table;
  const [aggregateX, aggregateY] = coordinates(header.aggregateKey);
  return {
    digest: record.digest,
    kind: kind === BLOCK ? "block" : "slice",
    height: quantity(core.height),
    blockHash: kind === BLOCK ? core.blockHash : null,
    transactionCount: quantity(core.transactionCount),
    certificate: record.encoded,
    message: messageJson(certificate.message),
    table: {
      epoch: quantity(header.epoch),
      depth: quantity(header.depth),
      root: header.root,
      aggregateX,
      aggregateY,
      active: quantities(header.active),
      total: quantities(header.total),
    },
    signers: certificate.signers.flatMap((index) => {
      const member = table.members.get(index);
      return member ? [{ index: quantity(index), operator: member.operator, weight: quantities(member.weights) }] : [];
    }),
    absent: table.absentOf(certificate.signers).flatMap((index) => {
      const member = table.members.get(index);
      if (!member) return [];
      const [g1x, g1y] = coordinates(member.key);
      const weight = quantities(member.weights);
      return [{ index: quantity(index), operator: member.operator, g1x, g1y, weight, path: table.path(index) }];
    }),
    signedWeight: quantities(record.signedWeight),
    seenAt: quantity(record.seenAtMs),
    void: record.void && { reason: record.void.reason, at: quantity(record.void.atMs) },
  };
}

/** Numbers as quantities, names as in docs/spec/mach.md, section 2. */
function messageJson({ kind, core, base }: Message) {
  return {
    kind: quantity(kind),
    core: coreJson(core),
    base: { ...base, epoch: quantity(base.epoch), height: quantity(base.height) },
  };
}

export function coreJson(core: Core) {
  return {
    ...core,
    height: quantity(core.height),
    timestamp: quantity(core.timestamp),
    originNumber: quantity(core.originNumber),
    transactionCount: quantity(core.transactionCount),
  };
}

/** Who stands behind a certificate, in short. */
export function vouchers(record: CertificateRecord) {
  const { table, certificate, digest } = record;
  const operators = certificate.signers.flatMap((index) => table.members.get(index)?.operator ?? []);
  return {
    digest,
    operators,
    signedWeight: quantities(record.signedWeight),
    totalWeight: quantities(table.header.total),
  };
}
