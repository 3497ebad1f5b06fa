import { type Hash, type TransactionReceipt, TransactionReceiptNotFoundError } from "viem";
import { getTransactionReceipt } from "viem/actions";
import { SdkError } from "../errors.ts";
import type { AnyClient } from "../rpc/call.ts";

const TIMEOUT_MS = 300_000;

/**
 * Waits until a transaction is mined. Asks for the receipt itself each time and not only at new blocks: some nodes show
 * a block a moment before its receipts, and a development chain may mine no other.
 * @throws SdkError `TRANSACTION_NOT_MINED` after five minutes: it may still be.
 */
export async function receiptOf(hash: Hash, client: AnyClient): Promise<TransactionReceipt> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return await getTransactionReceipt(client, { hash });
    } catch (error) {
      if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
    }
    if (performance.now() > deadline) {
      throw new SdkError("TRANSACTION_NOT_MINED", `transaction ${hash} was not mined: its fee may be too low`, {
        hash,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, client.pollingInterval));
  }
}
