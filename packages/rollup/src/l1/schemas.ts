import type { Hex } from "@altlayer/engine";
import { z } from "zod";
import { RollupError } from "../errors.ts";

/*
 * What an L1 may answer, as schemas. Objects are open: a server's extra fields are ignored, but every field that is
 * used has its shape checked here, before anything is computed from it.
 */
const lower = (text: string): Hex => text.toLowerCase() as Hex;
const bytesOf = (size: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${size * 2}}$`))
    .transform(lower);
export const hash = bytesOf(32);
export const address = bytesOf(20);
export const data = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform(lower);
/** A JSON-RPC quantity of at most 256 bits. */
export const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => BigInt(text));
/** A quantity that fits a JavaScript integer (numbers, times, gas). */
export const count = quantity.refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER)).transform(Number);

const headerFields = {
  hash,
  parentHash: hash,
  sha3Uncles: hash,
  miner: address,
  stateRoot: hash,
  transactionsRoot: hash,
  receiptsRoot: hash,
  logsBloom: bytesOf(256),
  difficulty: quantity,
  number: count,
  gasLimit: count,
  gasUsed: count,
  timestamp: count,
  extraData: data,
  mixHash: hash,
  nonce: bytesOf(8),
  baseFeePerGas: quantity.optional(),
  withdrawalsRoot: hash.optional(),
  blobGasUsed: quantity.optional(),
  excessBlobGas: quantity.optional(),
  parentBeaconBlockRoot: hash.optional(),
  requestsHash: hash.optional(),
};
export const headerSchema = z.object(headerFields);
export type L1Header = z.output<typeof headerSchema>;

const accessList = z.array(z.object({ address, storageKeys: z.array(hash) }));
const authorization = z.object({
  chainId: quantity,
  address,
  nonce: quantity,
  yParity: quantity,
  r: quantity,
  s: quantity,
});
export const transactionSchema = z.object({
  hash,
  type: count.default(0),
  from: address,
  to: address.nullish().transform((to) => to ?? null),
  nonce: quantity.default(0n),
  gas: quantity,
  value: quantity,
  input: data,
  gasPrice: quantity.optional(),
  maxFeePerGas: quantity.optional(),
  maxPriorityFeePerGas: quantity.optional(),
  maxFeePerBlobGas: quantity.optional(),
  blobVersionedHashes: z.array(hash).optional(),
  chainId: quantity.nullish(),
  accessList: accessList.nullish(),
  authorizationList: z.array(authorization).optional(),
  v: quantity.optional(),
  yParity: quantity.optional(),
  r: quantity.optional(),
  s: quantity.optional(),
  // Deposits, where the L1 is itself an OP Stack chain.
  sourceHash: hash.optional(),
  mint: quantity.nullish(),
  isSystemTx: z.boolean().optional(),
});
export type L1RpcTransaction = z.output<typeof transactionSchema>;

export const blockSchema = z.object({ ...headerFields, transactions: z.array(transactionSchema) });

const logSchema = z.object({
  address,
  topics: z.array(hash).max(4),
  data,
  logIndex: count,
  transactionHash: hash,
  blockHash: hash,
});
export type L1Log = z.output<typeof logSchema>;

export const receiptSchema = z.object({
  transactionHash: hash,
  transactionIndex: count,
  blockHash: hash,
  type: count.default(0),
  status: count.optional(),
  root: hash.optional(),
  cumulativeGasUsed: quantity,
  logsBloom: bytesOf(256),
  logs: z.array(logSchema),
  depositNonce: quantity.nullish(),
  depositReceiptVersion: quantity.nullish(),
});
export type L1Receipt = z.output<typeof receiptSchema>;

/** Parses an answer; what does not fit is the server's fault and may be gone at the next attempt. */
export function parseAnswer<S extends z.ZodType>(schema: S, answer: unknown, method: string): z.output<S> {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new RollupError("L1_SCHEMA", `the answer to ${method} is malformed at ${issue?.path.join(".") || "its root"}`, {
    severity: "temporary",
    data: { method, path: issue?.path.join("."), issue: issue?.code },
  });
}
