/** What a browser wallet announces (EIP-1193, found by EIP-6963). */
export interface Provider {
  request(call: { readonly method: string; readonly params?: unknown }): Promise<unknown>;
  on?(event: string, listener: (value: unknown) => void): void;
  removeListener?(event: string, listener: (value: unknown) => void): void;
}

export interface WalletInfo {
  readonly uuid: string;
  readonly name: string;
  readonly provider: Provider;
}

const WALLETS_MAX = 20;
const found = new Map<string, WalletInfo>();
const listeners = new Set<() => void>();
let list: readonly WalletInfo[] = [];

function announced(event: Event): void {
  const detail = (event as CustomEvent<{ info?: { uuid?: unknown; name?: unknown }; provider?: unknown }>).detail;
  const { info, provider } = detail ?? {};
  if (typeof info?.uuid !== "string" || typeof info.name !== "string" || !isProvider(provider)) return;
  if (found.size >= WALLETS_MAX) return;
  found.set(info.uuid, { uuid: info.uuid, name: info.name, provider });
  list = [...found.values()];
  for (const listener of listeners) listener();
}

const isProvider = (value: unknown): value is Provider =>
  typeof value === "object" && value !== null && "request" in value && typeof value.request === "function";

/** Asks wallets to announce themselves; `window.ethereum` stands in for those that do not. */
export function discoverWallets(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener("eip6963:announceProvider", announced);
  listeners.add(listener);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  const injected = (window as { ethereum?: unknown }).ethereum;
  if (found.size === 0 && isProvider(injected)) {
    found.set("injected", { uuid: "injected", name: "Browser wallet", provider: injected });
    list = [...found.values()];
    listener();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("eip6963:announceProvider", announced);
  };
}

export const knownWallets = (): readonly WalletInfo[] => list;
