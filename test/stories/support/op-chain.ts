import { type Chain, defineChain } from "viem";
import { chainConfig } from "viem/op-stack";
import type { DevReady } from "./dev-chain.ts";

const NATIVE = { name: "Ether", symbol: "ETH", decimals: 18 };

/** Both chains as a dApp would describe them to viem. */
export function chainsOf(ready: DevReady) {
  const { endpoints, chains, addresses } = ready;
  const l1: Chain = defineChain({
    id: chains.l1,
    name: "development L1",
    nativeCurrency: NATIVE,
    rpcUrls: { default: { http: [endpoints.l1] } },
    contracts: { multicall3: { address: "0xcA11bde05977b3631167028862bE2a173976CA11" } },
  });
  const at = (name: string) => ({ [chains.l1]: { address: addresses[name] ?? "0x" } });
  const l2 = defineChain({
    ...chainConfig,
    id: chains.l2,
    name: "development rollup",
    nativeCurrency: NATIVE,
    rpcUrls: { default: { http: [endpoints.rpc], webSocket: [endpoints.ws] } },
    sourceId: chains.l1,
    contracts: {
      ...chainConfig.contracts,
      portal: at("OptimismPortalProxy"),
      disputeGameFactory: at("DisputeGameFactoryProxy"),
      l1StandardBridge: at("L1StandardBridgeProxy"),
    },
  });
  return { l1, l2 };
}
