import type { BrowserContext } from "playwright-core";
import type { Hex } from "viem";
import { createWalletClient, hexToString, http, numberToHex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";

/**
 * A wallet without a window: it knows chains by id, asks nobody, and signs. The page meets it as EIP-1193 and EIP-6963,
 * as it would any other.
 */
export interface TestWallet {
  readonly account: PrivateKeyAccount;
  /** RPC by chain id; `wallet_addEthereumChain` adds to it. */
  readonly chains: Map<number, string>;
  chainId: number;
  /** What the page asked for, in order. */
  readonly asked: string[];
  /** Says no to the next request that needs consent. */
  refuseNext: boolean;
}

export const testWallet = (account: PrivateKeyAccount, chains: ReadonlyMap<number, string>): TestWallet => ({
  account,
  chains: new Map(chains),
  chainId: [...chains.keys()][0] ?? 1,
  asked: [],
  refuseNext: false,
});

interface Call {
  readonly method: string;
  readonly params?: readonly unknown[];
}

type Answer = { readonly result: unknown } | { readonly error: { readonly code: number; readonly message: string } };

const refused = (code: number, message: string): Answer => ({ error: { code, message } });
const CONSENT = new Set(["eth_requestAccounts", "personal_sign", "eth_sendTransaction", "wallet_addEthereumChain"]);

export async function installWallet(context: BrowserContext, wallet: TestWallet): Promise<void> {
  await context.exposeFunction("altlayerTestWallet", (call: Call) => answer(wallet, call));
  await context.addInitScript(() => {
    const ask = (window as unknown as { altlayerTestWallet: (call: unknown) => Promise<Record<string, unknown>> })
      .altlayerTestWallet;
    const provider = {
      async request(call: unknown) {
        const answered = await ask(JSON.parse(JSON.stringify(call)));
        if ("error" in answered) throw answered.error;
        return answered.result;
      },
    };
    const announce = () =>
      window.dispatchEvent(
        new CustomEvent("eip6963:announceProvider", {
          detail: Object.freeze({ info: { uuid: "test", name: "Test Wallet", icon: "", rdns: "test" }, provider }),
        }),
      );
    window.addEventListener("eip6963:requestProvider", announce);
    announce();
  });
}

async function answer(wallet: TestWallet, { method, params = [] }: Call): Promise<Answer> {
  wallet.asked.push(method);
  if (wallet.refuseNext && CONSENT.has(method)) {
    wallet.refuseNext = false;
    return refused(4001, "User rejected the request.");
  }
  switch (method) {
    case "eth_requestAccounts":
    case "eth_accounts":
      return { result: [wallet.account.address] };
    case "eth_chainId":
      return { result: numberToHex(wallet.chainId) };
    case "wallet_switchEthereumChain": {
      const wanted = Number((params[0] as { chainId: string }).chainId);
      if (!wallet.chains.has(wanted)) return refused(4902, "Unrecognized chain.");
      wallet.chainId = wanted;
      return { result: null };
    }
    case "wallet_addEthereumChain": {
      const { chainId, rpcUrls } = params[0] as { chainId: string; rpcUrls: string[] };
      wallet.chains.set(Number(chainId), rpcUrls[0] ?? "");
      wallet.chainId = Number(chainId);
      return { result: null };
    }
    case "personal_sign":
      return { result: await wallet.account.signMessage({ message: hexToString(params[0] as Hex) }) };
    case "eth_sendTransaction":
      return send(wallet, params[0] as Record<string, Hex>);
    default:
      return passOn(wallet, method, params);
  }
}

async function send(wallet: TestWallet, { to, data, value, gas }: Record<string, Hex>): Promise<Answer> {
  const client = createWalletClient({ account: wallet.account, transport: http(wallet.chains.get(wallet.chainId)) });
  try {
    const hash = await client.sendTransaction({
      chain: null,
      to: to ?? null,
      data: data ?? "0x",
      value: BigInt(value ?? 0),
      ...(gas === undefined ? {} : { gas: BigInt(gas) }),
    });
    return { result: hash };
  } catch (error) {
    return refused(-32000, error instanceof Error ? error.message : String(error));
  }
}

async function passOn(wallet: TestWallet, method: string, params: readonly unknown[]): Promise<Answer> {
  const response = await fetch(wallet.chains.get(wallet.chainId) ?? "", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return (await response.json()) as Answer;
}
