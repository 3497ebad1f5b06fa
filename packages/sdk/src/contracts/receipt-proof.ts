import {
  type Core,
  coreHash,
  decodeCertificate,
  historyLeaf,
  isProtocolError,
  MountainRange,
  rootOfInclusion,
  transactionLeaf,
  ZERO_HASH,
} from "@altlayer/protocol";
import { type Hex, hexToBytes, keccak256, numberToHex } from "viem";
import { z } from "zod";
import { SdkError } from "../errors.ts";
import { hashBytes } from "../light-client/quorum.ts";
import { type AnyClient, call } from "../rpc/call.ts";
import { type CertificateRecord, count, hash32, historyProofSchema } from "../rpc/schemas.ts";
import { encodeReceipt, receiptSchema } from "./receipt.ts";

/** More transactions than any block of ours has. */
const MAX_TRANSACTIONS = 65_536;
const receipts = z.array(receiptSchema).max(MAX_TRANSACTIONS);

/** What `CertifiedReceipt` (contracts/src/examples) takes: a receipt, and its path to a certificate's transaction root. */
export interface ReceiptProof {
  /** Of height zero: the transaction is in the certificate's own block or slice. */
  readonly past: ReceiptProofCore;
  readonly pastDirections: bigint;
  readonly pastSiblings: readonly Hex[];
  readonly transactionHash: Hex;
  readonly receipt: Hex;
  readonly directions: bigint;
  readonly siblings: readonly Hex[];
}
type ReceiptProofCore = ReturnType<typeof coreStruct>;

const NO_BLOCK = {
  height: 0n,
  timestamp: 0n,
  originNumber: 0n,
  originHash: ZERO_HASH,
  parentHash: ZERO_HASH,
  attributesHash: ZERO_HASH,
  historyRoot: ZERO_HASH,
  transactionCount: 0,
  transactionRoot: ZERO_HASH,
  blockHash: ZERO_HASH,
  outputRoot: ZERO_HASH,
} satisfies ReceiptProofCore;

/**
 * Proves a transaction's receipt under a certificate of its own block, of a slice of it, or of any later block: from the
 * block's receipts, which must hash to the certified transaction root. Of a later block, the node proves the
 * transaction's in its history (`mach_getHistoryProof`).
 * @throws SdkError `RECEIPT_UNPROVEN` where transaction and certificate do not belong together, the node's receipts or
 *   its history are not those that were certified, or it does not reach back so far; `MALFORMED_ANSWER`; viem's errors
 */
export async function getReceiptProof(
  client: AnyClient,
  { hash, certificate }: { readonly hash: Hex; readonly certificate: CertificateRecord },
): Promise<ReceiptProof> {
  const found = await call(client, {
    method: "eth_getTransactionReceipt",
    params: [hash],
    schema: z.object({ blockHash: hash32, blockNumber: count, transactionIndex: count }).nullable(),
  });
  const certified = decodeCertificate(hexToBytes(certificate.certificate), certificate.table.depth).message.core;
  if (found === null || found.blockNumber > certified.height) {
    throw unproven("the certificate is not for the transaction's block, or a later one", hash);
  }
  const past =
    found.blockNumber === certified.height
      ? null
      : await pastBlock(client, { hash, height: found.blockNumber, certified, digest: certificate.digest });
  const core = past?.core ?? certified;
  if (found.transactionIndex >= core.transactionCount) {
    throw unproven("the certificate is of a slice without the transaction", hash);
  }
  const method = "eth_getBlockReceipts";
  const all = await call(client, { method, params: [found.blockHash], schema: receipts });
  const range = new MountainRange({ keccak256: hashBytes });
  const encoded = all.slice(0, core.transactionCount).map(encodeReceipt);
  for (const [i, receipt] of encoded.entries()) {
    range.append(transactionLeaf(all[i]?.transactionHash ?? ZERO_HASH, keccak256(receipt), hashBytes));
  }
  const receipt = encoded[found.transactionIndex];
  if (receipt === undefined || range.root() !== core.transactionRoot) {
    throw unproven("the node's receipts are not those that were certified", hash);
  }
  const { path, directions } = range.inclusion(found.transactionIndex);
  return {
    past: past === null ? NO_BLOCK : coreStruct(past.core),
    pastDirections: past?.directions ?? 0n,
    pastSiblings: past?.path ?? [],
    transactionHash: hash,
    receipt,
    directions,
    siblings: path,
  };
}

/** A block in the history of a certificate's message, checked against its history root. */
async function pastBlock(
  client: AnyClient,
  of: { readonly hash: Hex; readonly height: number; readonly certified: Core; readonly digest: Hex },
) {
  const { hash, height, certified, digest } = of;
  const method = "mach_getHistoryProof";
  const params = [numberToHex(height), digest];
  const proof = await call(client, { method, params, schema: historyProofSchema.nullable() });
  if (proof === null) throw unproven("the node cannot prove the transaction's block under the certificate", hash);
  try {
    const leaf = historyLeaf(coreHash(proof.core, hashBytes), hashBytes);
    const isIncluded = rootOfInclusion(leaf, proof, hashBytes) === certified.historyRoot;
    if (proof.core.height === height && isIncluded) return proof;
  } catch (error) {
    if (!isProtocolError(error)) throw error;
  }
  throw unproven("the node's history is not the certificate's", hash);
}

function coreStruct(core: Core) {
  const { height, timestamp, originNumber, ...rest } = core;
  return { ...rest, height: BigInt(height), timestamp: BigInt(timestamp), originNumber: BigInt(originNumber) };
}

function unproven(problem: string, hash: Hex): SdkError {
  return new SdkError("RECEIPT_UNPROVEN", problem, { hash });
}
