import { decodeCertificate, MountainRange, transactionLeaf, ZERO_HASH } from "@altlayer/protocol";
import { type Hex, hexToBytes, keccak256 } from "viem";
import { z } from "zod";
import { SdkError } from "../errors.ts";
import { hashBytes } from "../light-client/quorum.ts";
import { type AnyClient, call } from "../rpc/call.ts";
import { type CertificateRecord, count, hash32 } from "../rpc/schemas.ts";
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
type ReceiptProofCore = typeof NO_BLOCK;

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
} as const;

/**
 * Proves a transaction's receipt under a certificate of its own block, or of a slice of it: from the block's receipts,
 * which must hash to the certificate's transaction root.
 * @throws SdkError `RECEIPT_UNPROVEN` where transaction and certificate do not belong together, or the node's receipts
 *   are not those that were certified; `MALFORMED_ANSWER`; viem's errors
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
  const { core } = decodeCertificate(hexToBytes(certificate.certificate), certificate.table.depth).message;
  if (found === null || found.blockNumber !== core.height || found.transactionIndex >= core.transactionCount) {
    throw unproven("the certificate is not for the transaction's block, or a slice without it", hash);
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
    past: NO_BLOCK,
    pastDirections: 0n,
    pastSiblings: [],
    transactionHash: hash,
    receipt,
    directions,
    siblings: path,
  };
}

function unproven(problem: string, hash: Hex): SdkError {
  return new SdkError("RECEIPT_UNPROVEN", problem, { hash });
}
