import {
  bytesToHex,
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  type Hex,
  hexToBytes,
  type Keccak256,
} from "@altlayer/protocol";
import { z } from "zod";
import type { Bn254Like } from "../options.ts";
import { EpochTable, type TableMember } from "../table/epoch-table.ts";

/** What a certificate lost its worth by. */
const VOID_REASONS = { derivedOtherwise: 1 } as const;
export type VoidReason = keyof typeof VOID_REASONS;

/** What the store's file holds. Members are kept apart from headers: many epochs have the same. */
export type StoredRecord =
  | { readonly type: "certificate"; readonly seenAtMs: number; readonly certificate: Certificate }
  | { readonly type: "void"; readonly digest: Hex; readonly atMs: number; readonly reason: VoidReason | null }
  | { readonly type: "members"; readonly root: Hex; readonly members: ReadonlyMap<number, TableMember> }
  | { readonly type: "table"; readonly table: EpochTable };

const CERTIFICATE = 1;
const VOID = 2;
const MEMBERS = 3;
const TABLE = 4;

const hex = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-f]*$/.test(value));
const amounts = z.array(
  z
    .string()
    .regex(/^\d{1,78}$/)
    .transform(BigInt),
);
const membersSchema = z.object({
  root: hex,
  members: z.array(z.object({ index: z.int(), operator: hex, key: hex, keyG2: hex, weights: amounts })),
});
const headerSchema = z.object({
  epoch: z.int(),
  depth: z.int(),
  root: hex,
  aggregateKey: hex,
  active: amounts,
  total: amounts,
});

export function writeCertificate(certificate: Certificate, seenAtMs: number): Uint8Array {
  const head = Buffer.alloc(1 + 8 + 1);
  head.writeUInt8(CERTIFICATE, 0);
  head.writeBigUInt64BE(BigInt(seenAtMs), 1);
  head.writeUInt8(certificate.depth, 9);
  return Buffer.concat([head, encodeCertificate(certificate)]);
}

export function writeVoid({ digest, atMs, reason }: Extract<StoredRecord, { type: "void" }>): Uint8Array {
  const bytes = Buffer.alloc(1 + 32 + 8 + 1);
  bytes.writeUInt8(VOID, 0);
  bytes.set(hexToBytes(digest), 1);
  bytes.writeBigUInt64BE(BigInt(atMs), 33);
  bytes.writeUInt8(reason === null ? 0 : VOID_REASONS[reason], 41);
  return bytes;
}

export function writeMembers(table: EpochTable): Uint8Array {
  const members = [...table.members].map(([index, { operator, key, keyG2, weights }]) => ({
    index,
    operator,
    key,
    keyG2,
    weights: weights.map(String),
  }));
  return json(MEMBERS, { root: table.header.root, members });
}

export function writeTable({ header }: EpochTable): Uint8Array {
  return json(TABLE, { ...header, active: header.active.map(String), total: header.total.map(String) });
}

/** Reads records in order; one that means nothing, or a table without its members, is left out. */
export function readRecords(
  payloads: readonly Uint8Array[],
  dependencies: { readonly bn254: Bn254Like; readonly keccak256: Keccak256 },
): StoredRecord[] {
  const members = new Map<Hex, ReadonlyMap<number, TableMember>>();
  return payloads.flatMap((payload): StoredRecord[] => {
    try {
      const record = read(Buffer.from(payload), members, dependencies);
      if (record?.type === "members") members.set(record.root, record.members);
      return record === null ? [] : [record];
    } catch {
      return [];
    }
  });
}

function read(
  bytes: Buffer,
  members: ReadonlyMap<Hex, ReadonlyMap<number, TableMember>>,
  dependencies: { readonly bn254: Bn254Like; readonly keccak256: Keccak256 },
): StoredRecord | null {
  switch (bytes.readUInt8(0)) {
    case CERTIFICATE: {
      const seenAtMs = Number(bytes.readBigUInt64BE(1));
      return { type: "certificate", seenAtMs, certificate: decodeCertificate(bytes.subarray(10), bytes.readUInt8(9)) };
    }
    case VOID: {
      const code = bytes.readUInt8(41);
      const names = Object.keys(VOID_REASONS) as VoidReason[];
      const reason = names.find((name) => VOID_REASONS[name] === code) ?? null;
      return {
        type: "void",
        digest: bytesToHex(bytes.subarray(1, 33)),
        atMs: Number(bytes.readBigUInt64BE(33)),
        reason,
      };
    }
    case MEMBERS: {
      const { root, members: list } = membersSchema.parse(JSON.parse(bytes.subarray(1).toString()));
      return { type: "members", root, members: new Map(list.map(({ index, ...member }) => [index, member])) };
    }
    case TABLE: {
      const header = headerSchema.parse(JSON.parse(bytes.subarray(1).toString()));
      const own = members.get(header.root);
      return own === undefined
        ? null
        : { type: "table", table: new EpochTable({ header, members: own }, dependencies) };
    }
    default:
      return null;
  }
}

function json(type: number, value: unknown): Uint8Array {
  return Buffer.concat([Buffer.of(type), Buffer.from(JSON.stringify(value))]);
}
