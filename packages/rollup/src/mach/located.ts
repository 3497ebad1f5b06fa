import type { Engine, Hex } from "@altlayer/engine";
import { z } from "zod";
import { hash } from "../l1/schemas.ts";

/** Where something lies in the chain that a client names. */
export interface Located {
  /** Whether this node has heard of it. */
  readonly isKnown: boolean;
  readonly height: number | null;
  /** `null` while the block is not sealed. */
  readonly blockHash: Hex | null;
  /** Whether that block is in the chain, or the one that is being built on its head. */
  readonly isCanonical: boolean;
  readonly transactionHash: Hex | null;
  readonly transactionIndex: number | null;
}

const NOWHERE: Located = {
  isKnown: false,
  height: null,
  blockHash: null,
  isCanonical: false,
  transactionHash: null,
  transactionIndex: null,
};

const number = z
  .string()
  .regex(/^0x[0-9a-f]{1,13}$/)
  .transform(Number);
const receipt = z.object({ blockNumber: number, blockHash: hash, transactionIndex: number }).nullable();
const pendingBlock = z.object({ number, transactions: z.array(hash) }).nullable();

/** The block of that height: a sealed one, or the one that is being built. */
export async function locateHeight(height: number, { engine }: { readonly engine: Engine }): Promise<Located> {
  const payload = await engine.payloadByNumber(height, { brief: true });
  if (payload) return { ...NOWHERE, isKnown: true, height, blockHash: payload.blockHash, isCanonical: true };
  const isNext = height === engine.heads().unsafe.number + 1;
  return isNext ? { ...NOWHERE, isKnown: true, height, isCanonical: true } : { ...NOWHERE, height };
}

/** A block or a transaction by its hash. */
export async function locateHash(hash: Hex, { engine }: { readonly engine: Engine }): Promise<Located> {
  const payload = await engine.payloadByHash(hash, { brief: true });
  if (payload) {
    const height = Number(payload.blockNumber);
    const canonical = await engine.payloadByNumber(height, { brief: true });
    return { ...NOWHERE, isKnown: true, height, blockHash: hash, isCanonical: canonical?.blockHash === hash };
  }
  const ask = async (method: string, ...params: unknown[]): Promise<unknown> =>
    JSON.parse(await engine.query(method, JSON.stringify(params)));
  const found = receipt.parse(await ask("eth_getTransactionReceipt", hash));
  if (found) {
    const { blockNumber: height, blockHash, transactionIndex } = found;
    return { isKnown: true, height, blockHash, isCanonical: true, transactionHash: hash, transactionIndex };
  }
  // Not in a sealed block: in a slice of the next one, in the pool, or nowhere.
  const pending = pendingBlock.parse(await ask("eth_getBlockByNumber", "pending", false));
  const index = pending?.transactions.indexOf(hash) ?? -1;
  if (pending && index >= 0) {
    const place = { transactionHash: hash, transactionIndex: index };
    return { ...NOWHERE, ...place, isKnown: true, height: pending.number, isCanonical: true };
  }
  const isKnown = (await ask("eth_getTransactionByHash", hash)) !== null;
  return { ...NOWHERE, isKnown, transactionHash: hash };
}
