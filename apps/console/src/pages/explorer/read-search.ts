import * as z from "zod/mini";
import type { Rpc } from "../../chain/rpc.ts";
import { Block, Transaction } from "../../chain/shapes.ts";

export type Found =
  | { readonly kind: "block" | "transaction" | "address"; readonly id: string }
  | { readonly kind: "nothing"; readonly reason: string };

/** What a typed text names: a number is a block, 20 bytes an address, 32 bytes a transaction or a block's hash. */
export async function readSearch(rpc: Rpc, typed: string): Promise<Found> {
  const text = typed.trim().toLowerCase().replaceAll(",", "");
  if (/^\d{1,15}$/.test(text)) return { kind: "block", id: String(Number(text)) };
  if (/^0x[0-9a-f]{40}$/.test(text)) return { kind: "address", id: text };
  if (!/^0x[0-9a-f]{64}$/.test(text)) {
    return { kind: "nothing", reason: "Enter a block number, a transaction hash or an address." };
  }
  const [transaction, block] = await Promise.all([
    rpc.call("eth_getTransactionByHash", [text], z.nullable(Transaction)),
    rpc.call("eth_getBlockByHash", [text, false], Block),
  ]);
  if (transaction !== null) return { kind: "transaction", id: text };
  if (block !== null) return { kind: "block", id: text };
  return { kind: "nothing", reason: "No transaction or block has this hash." };
}
