import { setTimeout as sleep } from "node:timers/promises";
import { createPublicClient, createWalletClient, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { KEYS } from "./chain.ts";

/** Creation code that writes a storage slot, logs, and leaves an empty contract. */
const CREATION_CODE: Hex = "0x600160005560006000a060006000f3";
const PAUSE_MS = 150;

export interface Traffic {
  sent(): number;
  stop(): Promise<void>;
}

/** Sends transfers and contract creations of the funded user until stopped, so that blocks are not empty. */
export function startTraffic(url: string): Traffic {
  const account = privateKeyToAccount(KEYS.user.key);
  const wallet = createWalletClient({ account, transport: http(url) });
  const reader = createPublicClient({ transport: http(url) });
  const stopping = new AbortController();
  let sent = 0;
  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        const chainId = await reader.getChainId();
        let nonce = await reader.getTransactionCount({ address: account.address, blockTag: "pending" });
        while (!stopping.signal.aborted) {
          const fees = { maxFeePerGas: 10_000_000_000n, maxPriorityFeePerGas: 1_000_000n };
          const target =
            sent % 4 === 3 ? { data: CREATION_CODE } : { to: `0x${(sent + 1).toString(16).padStart(40, "7")}` as Hex };
          const request = {
            ...target,
            ...fees,
            nonce,
            gas: 300_000n,
            value: sent % 4 === 3 ? 0n : 1n,
            chainId,
            type: "eip1559",
          } as const;
          const raw = await account.signTransaction(request);
          await wallet.sendRawTransaction({ serializedTransaction: raw });
          nonce++;
          sent++;
          await sleep(PAUSE_MS, undefined, { signal: stopping.signal });
        }
      } catch {
        // The node may be starting or behind: begin again from its own nonce.
        await sleep(PAUSE_MS * 4, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const running = run();
  return {
    sent: () => sent,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
