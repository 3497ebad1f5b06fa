import { createWalletClient, http } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { RaasError } from "./errors.ts";
import type { Hex } from "./spec/primitives.ts";

const DRIP_WEI = 10n * 10n ** 18n;
const TIMEOUT_MS = 10_000;

let turn: Promise<unknown> = Promise.resolve();

/** Sends ether on a development rollup. One after the other, so that no two take the same nonce. @throws RaasError `UPSTREAM` */
export function dripFaucet(options: {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly to: Hex;
  readonly account: PrivateKeyAccount;
}): Promise<{ readonly transactionHash: Hex; readonly amountWei: string }> {
  const { rpcUrl, chainId, to, account } = options;
  const drip = async () => {
    const client = createWalletClient({
      account,
      chain: {
        id: chainId,
        name: "rollup",
        nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
        rpcUrls: { default: { http: [rpcUrl] } },
      },
      transport: http(rpcUrl, { timeout: TIMEOUT_MS }),
    });
    try {
      return { transactionHash: await client.sendTransaction({ to, value: DRIP_WEI }), amountWei: DRIP_WEI.toString() };
    } catch (cause) {
      throw new RaasError("UPSTREAM", "the rollup refused the faucet's transaction", { cause });
    }
  };
  const result = turn.then(drip, drip);
  turn = result.catch(() => {});
  return result;
}
