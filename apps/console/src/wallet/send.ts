import type { Hex } from "../api/types.ts";
import { WalletError, walletErrorOf } from "./errors.ts";
import type { ChainForWallet, Connected } from "./use-wallet.ts";
import { switchChain } from "./use-wallet.ts";

export interface CallToSend {
  readonly chain: ChainForWallet;
  readonly to: Hex;
  readonly data?: Hex;
  readonly valueWei: bigint;
}

/** Has the wallet sign and send one transaction on `chain`. @returns its hash @throws WalletError */
export async function sendCall({ wallet, account }: Connected, call: CallToSend): Promise<Hex> {
  await switchChain(wallet.provider, call.chain);
  const answer = await wallet.provider
    .request({
      method: "eth_sendTransaction",
      params: [{ from: account, to: call.to, data: call.data ?? "0x", value: `0x${call.valueWei.toString(16)}` }],
    })
    .catch((error: unknown) => {
      throw walletErrorOf(error);
    });
  if (typeof answer !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(answer)) {
    throw new WalletError({ code: "FAILED", message: "The wallet gave no transaction hash." });
  }
  return answer.toLowerCase() as Hex;
}
