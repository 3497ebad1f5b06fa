import type { Hash, PublicClient, TransactionReceipt } from "viem";
import { RestakingError } from "./errors.ts";

const TIMEOUT_MS = 300_000;

/**
 * Waits until a transaction is mined. Asks for the receipt itself each time and not only at new blocks: some nodes show
 * a block a moment before its receipts, and a development chain may mine no other.
 * @throws RestakingError `TRANSACTION_NOT_MINED` after five minutes: it may still be.
 */
export async function receiptOf(hash: Hash, publicClient: PublicClient): Promise<TransactionReceipt> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const receipt = await publicClient.getTransactionReceipt({ hash }).catch((error: Error) => {
      if (error.name === "TransactionReceiptNotFoundError") return undefined;
      throw error;
    });
    if (receipt !== undefined) return receipt;
    if (performance.now() > deadline) {
      throw new RestakingError("TRANSACTION_NOT_MINED", `transaction ${hash} was not mined: its fee may be too low`, {
        hash,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, publicClient.pollingInterval));
  }
}
