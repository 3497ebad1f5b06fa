import type { Address, Hex } from "viem";
import { z } from "zod";

/*
 * What a node may answer, as schemas: every list has a limit, numbers come as JSON-RPC quantities. Fields that are
 * not named here are ignored.
 */
const MAX_OPERATORS = 1024;
const MAX_CLASSES = 8;
const MAX_DEPTH = 16;
const MAX_ALERTS = 1024;
const MAX_PEERS = 256;
/** Of a certificate with a bitmap of 2^16 bits, in hex. */
const MAX_CERTIFICATE_DIGITS = 2 * (1 + 512 + 32 + 64 + 128 + 2 + 8192);

const lower = (text: string) => text.toLowerCase();
const fixed = (size: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * size}}$`))
    .transform((text) => lower(text) as Hex);
export const hash32 = fixed(32);
export const address = fixed(20).transform((text) => text as Address);
export const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => BigInt(text));
/** A quantity that fits a JavaScript integer. */
export const count = quantity.refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER)).transform(Number);
const bytes = (maxDigits: number) =>
  z
    .string()
    .max(2 + maxDigits)
    .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
    .transform((text) => lower(text) as Hex);
const weights = z.array(quantity).min(1).max(MAX_CLASSES);

export const serviceSchema = z.object({
  l1ChainId: count,
  rollupId: hash32,
  avs: address,
  operatorSetId: count,
  table: address,
  verifier: address,
  slashableInTime: z.boolean(),
  threshold: z.object({ numerator: quantity, denominator: quantity }),
  windows: z.object({
    k: count,
    epochLength: count,
    undecided: count,
    certificateAge: count,
    evidenceWindow: count,
    pauseSlack: count,
  }),
  peers: z.array(z.string().max(1024)).max(MAX_PEERS),
});
/** A node's word about its MACH service: `mach_getService`. */
export type MachServiceInfo = z.output<typeof serviceSchema>;

export const certificateRecordSchema = z.object({
  digest: hash32,
  kind: z.enum(["slice", "block"]),
  height: count,
  blockHash: hash32.nullable(),
  transactionCount: count,
  /** Wire bytes, docs/spec/mach.md section 7. */
  certificate: bytes(MAX_CERTIFICATE_DIGITS),
  table: z.object({
    epoch: count,
    depth: count.refine((depth) => depth <= MAX_DEPTH),
    root: hash32,
    aggregateX: quantity,
    aggregateY: quantity,
    active: weights,
    total: weights,
  }),
  signers: z.array(z.object({ index: count, operator: address, weight: weights })).max(MAX_OPERATORS),
  absent: z
    .array(
      z.object({
        index: count,
        operator: address,
        g1x: quantity,
        g1y: quantity,
        weight: weights,
        path: z.array(hash32).max(MAX_DEPTH),
      }),
    )
    .max(MAX_OPERATORS),
  signedWeight: weights,
  /** Milliseconds since 1970, by the node's clock. */
  seenAt: count,
  void: z.object({ reason: z.string().max(1024), at: count }).nullable(),
});
/** A certificate as a node gives it, with all that its check takes: `mach_getCertificate`. */
export type CertificateRecord = z.output<typeof certificateRecordSchema>;

/** From the weakest to the strongest; docs/finality.md says what each means. */
export const FINALITY_LEVELS = [
  "pending",
  "slice",
  "sliceCertificate",
  "block",
  "blockCertificate",
  "safe",
  "finalized",
  "settled",
] as const;
export type FinalityLevel = (typeof FINALITY_LEVELS)[number];

const level = z.enum(FINALITY_LEVELS);
export const finalitySchema = z.object({
  blockNumber: count.nullable(),
  blockHash: hash32.nullable(),
  transactionHash: hash32.nullable(),
  transactionIndex: count.nullable(),
  level,
  levels: z
    .array(
      z.object({
        level,
        reached: z.boolean(),
        /** Milliseconds since 1970, by the node's clock. */
        at: count.nullable(),
        /** Who vouches; what is in it depends on the level. */
        by: z.record(z.string().max(64), z.unknown()).nullish(),
      }),
    )
    .max(FINALITY_LEVELS.length),
  heldBack: z.boolean(),
  alerts: z.array(z.unknown()).max(MAX_ALERTS),
});
/** Where a transaction or block stands: `mach_getFinality`. */
export type Finality = z.output<typeof finalitySchema>;

const headRef = z.object({ number: count, hash: hash32 });
export const headSchema = z.object({
  certified: headRef.nullable(),
  latest: headRef.nullable(),
  safe: headRef.nullable(),
  finalized: headRef.nullable(),
});
/** `mach_getHead`. */
export type CertifiedHead = z.output<typeof headSchema>;

const MAX_PATH = 64;
/** `mach_getHistoryProof`: a block in the history of a later one's certificate. */
export const historyProofSchema = z.object({
  core: z.object({
    height: count,
    timestamp: count,
    originNumber: count,
    originHash: hash32,
    parentHash: hash32,
    attributesHash: hash32,
    historyRoot: hash32,
    transactionCount: count,
    transactionRoot: hash32,
    blockHash: hash32,
    outputRoot: hash32,
  }),
  path: z.array(hash32).max(MAX_PATH),
  directions: quantity,
});

const word = fixed(32);
export const proofSchema = z.object({
  accountProof: z.array(bytes(4096)).max(65),
  storageProof: z.array(z.object({ proof: z.array(bytes(4096)).max(65) })).max(256),
});

export const headerSchema = z.object({
  hash: hash32,
  parentHash: hash32,
  sha3Uncles: hash32,
  miner: address,
  stateRoot: hash32,
  transactionsRoot: hash32,
  receiptsRoot: hash32,
  logsBloom: fixed(256),
  difficulty: quantity,
  number: count,
  gasLimit: quantity,
  gasUsed: quantity,
  timestamp: count,
  extraData: bytes(2048),
  mixHash: word,
  nonce: fixed(8),
  baseFeePerGas: quantity.optional(),
  withdrawalsRoot: word.optional(),
  blobGasUsed: quantity.optional(),
  excessBlobGas: quantity.optional(),
  parentBeaconBlockRoot: word.optional(),
  requestsHash: word.optional(),
});
export type L1Header = z.output<typeof headerSchema>;
