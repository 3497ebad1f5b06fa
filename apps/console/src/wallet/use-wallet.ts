import { useSyncExternalStore } from "react";
import type { Hex } from "../api/types.ts";
import { WalletError, walletErrorOf } from "./errors.ts";
import type { Provider, WalletInfo } from "./provider.ts";
import { discoverWallets, knownWallets } from "./provider.ts";

export interface Connected {
  readonly wallet: WalletInfo;
  readonly account: Hex;
}

let connected: Connected | undefined;
const listeners = new Set<() => void>();

function hold(next: Connected | undefined): void {
  connected = next;
  for (const listener of listeners) listener();
}

const isAddress = (value: unknown): value is Hex => typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value);

async function ask(provider: Provider, method: string, params: readonly unknown[] = []): Promise<unknown> {
  try {
    return await provider.request({ method, params });
  } catch (error) {
    throw walletErrorOf(error);
  }
}

/** @throws WalletError */
export async function connect(wallet: WalletInfo): Promise<Connected> {
  const accounts = await ask(wallet.provider, "eth_requestAccounts");
  const account = Array.isArray(accounts) ? accounts[0] : undefined;
  if (!isAddress(account)) throw new WalletError({ code: "NO_ACCOUNT", message: "The wallet shared no account." });
  const next = { wallet, account: account.toLowerCase() as Hex };
  wallet.provider.on?.("accountsChanged", (changed) => {
    const [first] = Array.isArray(changed) ? changed : [];
    hold(isAddress(first) ? { wallet, account: first.toLowerCase() as Hex } : undefined);
  });
  hold(next);
  return next;
}

export const useWallets = (): readonly WalletInfo[] => useSyncExternalStore(discoverWallets, knownWallets);

export const useConnected = (): Connected | undefined =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connected,
  );

export interface ChainForWallet {
  readonly chainId: number;
  readonly name: string;
  readonly rpcUrl: string;
  readonly explorerUrl?: string | undefined;
}

/** Adds a chain to the wallet, or switches to it where the wallet has it. @throws WalletError */
export async function addChain(provider: Provider, chain: ChainForWallet): Promise<void> {
  await ask(provider, "wallet_addEthereumChain", [
    {
      chainId: `0x${chain.chainId.toString(16)}`,
      chainName: chain.name,
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: [chain.rpcUrl],
      ...(chain.explorerUrl === undefined ? {} : { blockExplorerUrls: [chain.explorerUrl] }),
    },
  ]);
}

/** Has the wallet on `chain` before a transaction; a wallet that does not know it is given it. @throws WalletError */
export async function switchChain(provider: Provider, chain: ChainForWallet): Promise<void> {
  const wanted = `0x${chain.chainId.toString(16)}`;
  const current = await ask(provider, "eth_chainId");
  if (typeof current === "string" && current.toLowerCase() === wanted) return;
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: wanted }] });
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 4902) throw walletErrorOf(error);
    await addChain(provider, chain);
  }
}

/** EIP-191 signature of a text. @throws WalletError */
export async function signText({ wallet, account }: Connected, text: string): Promise<Hex> {
  const bytes = new TextEncoder().encode(text);
  const hex = `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  const signature = await ask(wallet.provider, "personal_sign", [hex, account]);
  if (typeof signature !== "string" || !/^0x[0-9a-fA-F]+$/.test(signature)) {
    throw new WalletError({ code: "FAILED", message: "The wallet gave no signature." });
  }
  return signature as Hex;
}
