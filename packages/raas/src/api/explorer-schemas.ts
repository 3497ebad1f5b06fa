import { z } from "zod";

const hex = z.string().regex(/^0x[0-9a-f]*$/);
export const blockSchema = z.object({
  number: z.number(),
  hash: hex,
  parentHash: hex,
  timestamp: z.number(),
  transactionCount: z.number(),
  gasUsed: z.number(),
  gasLimit: z.number(),
  baseFeePerGas: z.string(),
  sizeBytes: z.number(),
});
export const transferSchema = z.object({
  transactionHash: hex,
  logIndex: z.number(),
  blockNumber: z.number(),
  token: hex,
  from: hex,
  to: hex,
  value: z.string().describe("amount, or token id"),
  kind: z.string(),
});
export const internalCallSchema = z.object({
  transactionHash: hex,
  blockNumber: z.number(),
  position: z.number().describe("in the order of the transaction's trace"),
  kind: z.enum(["call", "create", "create2", "selfdestruct"]),
  from: hex,
  to: hex,
  valueWei: z.string(),
});
export const transactionSchema = z.object({
  hash: hex,
  blockNumber: z.number(),
  blockHash: hex,
  index: z.number(),
  timestamp: z.number(),
  from: hex,
  to: hex.nullable(),
  created: hex.nullable(),
  valueWei: z.string(),
  selector: hex.nullable(),
  status: z.number(),
  gasUsed: z.number(),
  feeWei: z.string(),
  type: z.number(),
  deposit: z.boolean(),
});
export const transactionDetailSchema = transactionSchema.extend({
  transfers: z.array(transferSchema),
  internalCalls: z.array(internalCallSchema).nullable().describe("null where the node could not trace the block"),
  nonce: z.number().nullable(),
  input: hex.nullable(),
  gasLimit: z.number().nullable(),
  effectiveGasPriceWei: z.string().nullable(),
  l1FeeWei: z.string().nullable(),
  logs: z.array(z.object({ index: z.number(), address: hex, topics: z.array(hex), data: hex })).nullable(),
});
export const indexedTokenSchema = z.object({
  address: hex,
  kind: z.string(),
  name: z.string().nullable(),
  symbol: z.string().nullable(),
  decimals: z.number().nullable(),
  firstSeenBlock: z.number(),
});
export const indexedTokenDetailSchema = indexedTokenSchema.extend({ transferCount: z.number() });
export const addressSchema = z.object({
  address: hex,
  balanceWei: z.string().nullable(),
  nonce: z.number().nullable(),
  isContract: z.boolean().nullable(),
  codeBytes: z.number().nullable(),
  firstSeenBlock: z.number().nullable(),
  transactionCount: z.number(),
  token: indexedTokenDetailSchema.nullable(),
});
export const overviewSchema = z.object({
  indexedNumber: z.number().nullable(),
  headNumber: z.number().nullable(),
  blocks: z.number(),
  transactions: z.number(),
  addresses: z.number(),
  tokens: z.number(),
  perMinute: z.array(
    z.object({ minute: z.string(), transactions: z.number().describe("users'"), gasUsed: z.number() }),
  ),
});
export const searchSchema = z.object({
  items: z.array(
    z.object({ kind: z.enum(["block", "transaction", "address", "token"]), id: z.string(), label: z.string() }),
  ),
});
