import { receiptOf } from "@altlayer/sdk";
import { type Address, type Hash, type Hex, type PublicClient, parseGwei } from "viem";
import type { LocalAccount } from "viem/accounts";

/** One transaction, with a gas limit of its own: what it calls may not exist yet, so nothing could estimate it. */
export interface PlannedCall {
  readonly label: string;
  /** Null creates a contract. */
  readonly to: Address | null;
  readonly data: Hex;
  readonly valueWei?: bigint;
  readonly gas: bigint;
}

export interface Batch {
  readonly account: LocalAccount;
  readonly nonce: number;
  readonly calls: readonly PlannedCall[];
  /** Batches of a higher rank are mined first where they share a block: miners sort by fee. */
  readonly rank: number;
}

/** How a deployment signs and sends. */
export interface Sending {
  /** The account of a key: viem's, unless there is a quicker one. */
  readonly accountOf?: (key: Hex) => LocalAccount;
  /**
   * Sends each without waiting for the one before: over a transport that keeps their order, to an L1 that makes its blocks
   * when it is told to. Where a block comes between all the same, what it took too early reverts, and is tried again.
   */
  readonly atOnce?: boolean;
}

export interface SentCall {
  readonly batch: Batch;
  readonly call: PlannedCall;
  readonly hash: Hash;
}

/**
 * Signs all, and sends them in order, with consecutive nonces, before any is mined.
 * Whatever of them a block holds is a beginning of the list, so what comes later may build on what comes earlier: also
 * on an L1 that mines each as it comes.
 */
export async function sendBatches(
  batches: readonly Batch[],
  publicClient: PublicClient,
  { atOnce = false }: Pick<Sending, "atOnce"> = {},
): Promise<SentCall[]> {
  const [chainId, { baseFeePerGas }] = await Promise.all([publicClient.getChainId(), publicClient.getBlock()]);
  const signing = batches.flatMap((batch) => {
    const tip = parseGwei("0.1") * BigInt(batch.rank + 1);
    return batch.calls.map(async (call, i) => {
      const serializedTransaction = await batch.account.signTransaction({
        type: "eip1559",
        chainId,
        nonce: batch.nonce + i,
        to: call.to,
        data: call.data,
        value: call.valueWei ?? 0n,
        gas: call.gas,
        maxPriorityFeePerGas: tip,
        maxFeePerGas: 4n * (baseFeePerGas ?? 0n) + tip,
      });
      return { batch, call, serializedTransaction };
    });
  });
  const signed = await Promise.all(signing);
  const send = async ({ batch, call, serializedTransaction }: (typeof signed)[number]): Promise<SentCall> => {
    return { batch, call, hash: await publicClient.sendRawTransaction({ serializedTransaction }) };
  };
  if (atOnce) return await Promise.all(signed.map(send));
  const sent: SentCall[] = [];
  for (const each of signed) sent.push(await send(each));
  return sent;
}

/** The last is waited for first, so that the others are mostly there when they are asked for, all at once. */
async function receiptsOf(sent: readonly SentCall[], publicClient: PublicClient) {
  const last = sent.at(-1);
  if (last !== undefined) await receiptOf(last.hash, publicClient);
  return await Promise.all(sent.map(({ hash }) => receiptOf(hash, publicClient)));
}

/** Waits until all are mined; returns those that reverted, in the order of their sending. */
export async function revertedOf(sent: readonly SentCall[], publicClient: PublicClient): Promise<SentCall[]> {
  const reverted: SentCall[] = [];
  for (const [i, receipt] of (await receiptsOf(sent, publicClient)).entries()) {
    if (receipt.status !== "success") reverted.push(sent[i] as SentCall);
  }
  return reverted;
}
