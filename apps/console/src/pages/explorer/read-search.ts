import * as z from "zod/mini";
import type { FoundToken } from "../../api/explorer.ts";
import type { Rpc } from "../../chain/rpc.ts";
import { Block, Transaction } from "../../chain/shapes.ts";

export type Found =
  | { readonly kind: "block" | "transaction" | "address"; readonly id: string }
  | { readonly kind: "tokens"; readonly tokens: readonly FoundToken[] }
  | { readonly kind: "nothing"; readonly reason: string };

export interface SearchDependencies {
  readonly rpc: Rpc;
  /** Tokens whose name or symbol begins with a text. */
  readonly tokensNamed: (text: string) => Promise<readonly FoundToken[]>;
}

/**
 * What a typed text names: a number is a block, 20 bytes an address, 32 bytes a transaction or a block's hash, and
 * anything else perhaps a token.
 */
export async function readSearch(typed: string, { rpc, tokensNamed }: SearchDependencies): Promise<Found> {
  const text = typed.trim().toLowerCase().replaceAll(",", "");
  if (/^\d{1,15}$/.test(text)) return { kind: "block", id: String(Number(text)) };
  if (/^0x[0-9a-f]{40}$/.test(text)) return { kind: "address", id: text };
  if (!/^0x[0-9a-f]{64}$/.test(text)) {
    const tokens = text === "" || text.startsWith("0x") ? [] : await tokensNamed(typed.trim());
    return tokens.length > 0
      ? { kind: "tokens", tokens }
      : { kind: "nothing", reason: "Enter a block number, a transaction hash, an address, or a token's name." };
  }
  const [transaction, block] = await Promise.all([
    rpc.call("eth_getTransactionByHash", [text], z.nullable(Transaction)),
    rpc.call("eth_getBlockByHash", [text, false], Block),
  ]);
  if (transaction !== null) return { kind: "transaction", id: text };
  if (block !== null) return { kind: "block", id: text };
  return { kind: "nothing", reason: "No transaction or block has this hash." };
}
