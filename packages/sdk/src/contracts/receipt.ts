import { concat, type Hex, numberToHex, toRlp } from "viem";
import { z } from "zod";
import { address, count, hash32, quantity } from "../rpc/schemas.ts";

const MAX_LOGS = 65_536;
const data = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform((text) => text as Hex);

/** The fields of a receipt that are hashed. */
export const receiptSchema = z.object({
  transactionHash: hash32,
  type: count.default(0),
  status: quantity,
  cumulativeGasUsed: quantity,
  logsBloom: data,
  logs: z.array(z.object({ address, topics: z.array(hash32).max(4), data })).max(MAX_LOGS),
  /** Of OP Stack deposits since Canyon. */
  depositNonce: quantity.nullish(),
  depositReceiptVersion: quantity.nullish(),
});
export type ReceiptFields = z.output<typeof receiptSchema>;

const DEPOSIT = 0x7e;

/** EIP-2718 bytes, as in the receipts trie; OP Stack deposits with the two fields that Canyon added. */
export function encodeReceipt(receipt: ReceiptFields): Hex {
  const { type, status, cumulativeGasUsed, logsBloom, logs, depositNonce, depositReceiptVersion } = receipt;
  const fields: Parameters<typeof toRlp>[0] = [
    integer(status),
    integer(cumulativeGasUsed),
    logsBloom,
    logs.map((log) => [log.address, log.topics, log.data]) as never,
    ...(type === DEPOSIT && depositNonce != null && depositReceiptVersion != null
      ? [integer(depositNonce), integer(depositReceiptVersion)]
      : []),
  ];
  const list = toRlp(fields);
  return type === 0 ? list : concat([numberToHex(type, { size: 1 }), list]);
}

function integer(value: bigint): Hex {
  if (value === 0n) return "0x";
  const hex = numberToHex(value);
  return hex.length % 2 === 0 ? hex : `0x0${hex.slice(2)}`;
}
