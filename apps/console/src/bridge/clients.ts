import type { Account, Chain, Client, Transport } from "viem";
import { createClient, custom, defineChain } from "viem";
import { chainConfig } from "viem/op-stack";
import { request } from "../api/client.ts";
import { rollupPath } from "../api/queries.ts";
import type { Hex, Network, Rollup } from "../api/types.ts";
import { networkPath } from "../chain/paths.ts";
import type { Provider } from "../wallet/provider.ts";

const ETHER = { name: "Ether", symbol: "ETH", decimals: 18 };
const POLL_MS = 500;
/** Every rollup of the platform brings it along to its settlement chain. */
const MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11";

export type ReadClient = Client<Transport, Chain>;
export type WalletClient = Client<Transport, Chain, Account>;

export interface Sides {
  readonly l1: ReadClient;
  readonly l2: ReadClient;
}

/** The two chains as viem's OP Stack actions want them described. */
function chainsOf(rollup: Rollup, network: Network): { readonly l1: Chain; readonly l2: Chain } {
  const at = (name: string) => ({ [network.chainId]: { address: rollup.contracts?.[name] ?? "0x" } });
  const l1 = defineChain({
    id: network.chainId,
    name: network.name,
    nativeCurrency: ETHER,
    rpcUrls: { default: { http: [network.rpcUrl ?? ""] } },
    contracts: { multicall3: { address: MULTICALL3 } },
  });
  const l2 = defineChain({
    ...chainConfig,
    id: rollup.chainId,
    name: rollup.name,
    nativeCurrency: ETHER,
    rpcUrls: { default: { http: [rollup.endpoints?.rpc ?? ""] } },
    sourceId: network.chainId,
    contracts: {
      ...chainConfig.contracts,
      portal: at("OptimismPortalProxy"),
      disputeGameFactory: at("DisputeGameFactoryProxy"),
      l1StandardBridge: at("L1StandardBridgeProxy"),
    },
  });
  return { l1, l2: l2 as Chain };
}

/** Reads go through the control plane: the page may talk to no other host. */
const throughPlatform = (path: string) =>
  custom({
    async request({ method, params }: { method: string; params?: unknown }) {
      const body = { jsonrpc: "2.0", id: 1, method, params: params ?? [] };
      const answer = await request<{ result?: unknown; error?: object }>(path, { method: "POST", body });
      if (answer.error !== undefined) throw answer.error;
      return answer.result;
    },
  });

/** Clients that read both sides of the bridge. */
export function sidesOf(rollup: Rollup, network: Network): Sides {
  const chains = chainsOf(rollup, network);
  const l2Path = `${rollupPath(rollup.teamId, rollup.id)}/rpc`;
  return {
    l1: createClient({
      chain: chains.l1,
      transport: throughPlatform(networkPath(network.id)),
      pollingInterval: POLL_MS,
    }),
    l2: createClient({ chain: chains.l2, transport: throughPlatform(l2Path), pollingInterval: POLL_MS }),
  };
}

/** The user's wallet on one of the sides. */
export const walletOn = (side: ReadClient, provider: Provider, account: Hex): WalletClient =>
  createClient({
    account,
    chain: side.chain,
    transport: custom({ request: (call: { method: string; params?: unknown }) => provider.request(call) }),
  }) as unknown as WalletClient;
