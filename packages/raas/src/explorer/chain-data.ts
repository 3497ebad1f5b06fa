import { z } from "zod";
import { RaasError } from "../errors.ts";
import { type Call, rpcBatch } from "../rpc-batch.ts";

/** What the index reads of a node's blocks. Our own node answers, and yet it is checked. */
const hex = z.string().regex(/^0x[0-9a-f]*$/);
const quantity = hex.transform((text) => Number(text));
const wei = hex.transform((text) => BigInt(text));
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase());

const transactionSchema = z.object({
  hash: hex,
  from: address,
  to: address.nullable().optional(),
  value: wei,
  input: hex,
  type: quantity,
});
const blockSchema = z.object({
  number: quantity,
  hash: hex,
  parentHash: hex,
  timestamp: quantity,
  gasUsed: quantity,
  gasLimit: quantity,
  baseFeePerGas: wei.optional(),
  size: quantity,
  transactions: z.array(transactionSchema),
});
const receiptSchema = z.object({
  transactionHash: hex,
  status: quantity,
  gasUsed: wei,
  effectiveGasPrice: wei.optional(),
  l1Fee: wei.nullable().optional(),
  contractAddress: address.nullable().optional(),
  logs: z.array(z.object({ address, topics: z.array(hex), data: hex, logIndex: quantity })),
});

export type ChainBlock = z.output<typeof blockSchema>;
export type ChainReceipt = z.output<typeof receiptSchema>;
export interface ChainBlockData {
  readonly block: ChainBlock;
  readonly receipts: readonly ChainReceipt[];
}

const tag = (number: number) => `0x${number.toString(16)}`;

/** The blocks `first` to `last` with their receipts, as far as the node has them. @throws RaasError `UPSTREAM` */
export async function readBlocks(url: string, first: number, last: number): Promise<readonly ChainBlockData[]> {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const results = await rpcBatch(
    url,
    numbers.flatMap((number): Call[] => [
      ["eth_getBlockByNumber", [tag(number), true]],
      ["eth_getBlockReceipts", [tag(number)]],
    ]),
    { quiet: true },
  );
  const blocks: ChainBlockData[] = [];
  for (let at = 0; at < results.length; at += 2) {
    if (results[at] === null || results[at + 1] === null) break;
    const block = blockSchema.parse(results[at]);
    const receipts = z.array(receiptSchema).parse(results[at + 1]);
    // Between the two questions the head may have changed.
    if (receipts.length !== block.transactions.length) break;
    if (receipts.some(({ transactionHash }, index) => transactionHash !== block.transactions[index]?.hash)) break;
    blocks.push({ block, receipts });
  }
  return blocks;
}

/** The node's head, and the hash of its block `number` (null where there is none), asked at once. @throws RaasError `UPSTREAM` */
export async function headAndHash(
  url: string,
  number: number,
): Promise<{ readonly head: number; readonly hash: string | null }> {
  const [head, block] = await rpcBatch(
    url,
    [
      ["eth_blockNumber", []],
      ["eth_getBlockByNumber", [tag(number), false]],
    ],
    { quiet: true },
  );
  if (typeof head !== "string") throw new RaasError("UPSTREAM", "the node does not tell its head");
  return { head: Number(head), hash: z.object({ hash: hex }).nullable().parse(block)?.hash ?? null };
}
