import { z } from "zod";
import { RaasError } from "../errors.ts";
import { type Call, rpcBatch } from "../rpc-batch.ts";
import { address, type Hex } from "../spec/primitives.ts";
import { BLOB_BYTES, feeOf } from "./maths.ts";

/** What the ledger reads of a settlement network's blocks. */
const hex = z.string().regex(/^0x[0-9a-f]*$/);
const quantity = hex.transform((text) => Number(text));
const amount = hex.transform((text) => BigInt(text));
const transactionSchema = z.object({
  hash: hex,
  from: address,
  value: amount,
  input: z.string(),
  blobVersionedHashes: z.array(z.string()).nullish(),
});
const blockSchema = z.object({ number: quantity, timestamp: quantity, transactions: z.array(transactionSchema) });
const headerSchema = z.object({ number: quantity, timestamp: quantity });
const none = amount.nullish().transform((value) => value ?? 0n);
const receiptSchema = z.object({
  transactionHash: hex,
  status: quantity,
  gasUsed: amount,
  effectiveGasPrice: amount,
  blobGasUsed: none,
  blobGasPrice: none,
  l1Fee: none,
});

export interface PaidTransaction {
  readonly from: Hex;
  /** Milliseconds, by the chain. */
  readonly atMs: number;
  readonly feeWei: bigint;
  readonly valueWei: bigint;
  readonly dataBytes: number;
  readonly blobs: number;
}

const RECEIPTS_PER_BATCH = 50;
const tag = (number: number): string => `0x${number.toString(16)}`;

/** The newest block that will not be reorganised. @throws RaasError `UPSTREAM` */
export async function finalizedBlock(url: string): Promise<{ readonly number: number; readonly timestamp: number }> {
  const [block] = await rpcBatch(url, [["eth_getBlockByNumber", ["finalized", false]]]);
  const parsed = headerSchema.safeParse(block);
  if (!parsed.success) throw new RaasError("UPSTREAM", "the settlement network names no finalized block");
  return parsed.data;
}

/**
 * Transactions that the accounts sent in the blocks `first` to `last`, with what they paid. A block that the network no
 * longer has (a development chain that was restored) counts as empty.
 * @throws RaasError `UPSTREAM`
 */
export async function paidTransactions(
  url: string,
  { first, last, accounts }: { readonly first: number; readonly last: number; readonly accounts: ReadonlySet<string> },
): Promise<readonly PaidTransaction[]> {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const answers = await rpcBatch(
    url,
    numbers.map((number): Call => ["eth_getBlockByNumber", [tag(number), true]]),
  );
  const sent = answers.flatMap((answer) => {
    if (answer === null) return [];
    const { timestamp, transactions } = blockSchema.parse(answer);
    return transactions
      .filter(({ from }) => accounts.has(from))
      .map((transaction) => ({ transaction, atMs: timestamp * 1_000 }));
  });
  const paid: PaidTransaction[] = [];
  for (let start = 0; start < sent.length; start += RECEIPTS_PER_BATCH) {
    const some = sent.slice(start, start + RECEIPTS_PER_BATCH);
    const receipts = await rpcBatch(
      url,
      some.map(({ transaction }): Call => ["eth_getTransactionReceipt", [transaction.hash]]),
    );
    for (const [index, { transaction, atMs }] of some.entries()) {
      const receipt = receiptSchema.parse(receipts[index]);
      const blobs = transaction.blobVersionedHashes?.length ?? 0;
      paid.push({
        from: transaction.from,
        atMs,
        feeWei: feeOf(receipt),
        // What failed has sent nothing.
        valueWei: receipt.status === 1 ? transaction.value : 0n,
        dataBytes: (transaction.input.length - 2) / 2 + blobs * BLOB_BYTES,
        blobs,
      });
    }
  }
  return paid;
}
