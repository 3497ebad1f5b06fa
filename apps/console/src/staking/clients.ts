import type { StakingService } from "@altlayer/sdk";
import { getStakingService } from "@altlayer/sdk";
import { createClient, custom, defineChain } from "viem";
import * as z from "zod/mini";
import type { Hex, Network } from "../api/types.ts";
import type { ReadClient } from "../bridge/clients.ts";
import type { Rpc } from "../chain/rpc.ts";

const POLL_MS = 500;
const anything = z.unknown();

/** Reads the settlement network through the control plane; what is asked in one turn travels together. */
const l1ClientOf = (network: Network, rpc: Rpc): ReadClient =>
  createClient({
    chain: defineChain({
      id: network.chainId,
      name: network.name,
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: { default: { http: [network.rpcUrl ?? ""] } },
    }),
    transport: custom(
      {
        request: ({ method, params }: { method: string; params?: unknown }) =>
          rpc.call(method, Array.isArray(params) ? params : [], anything),
      },
      // The proxy is ours: what it refuses once it refuses again.
      { retryCount: 0 },
    ),
    pollingInterval: POLL_MS,
  });

/** One service's contracts and the client that reads them. */
export interface Restaking {
  readonly service: StakingService;
  readonly l1: ReadClient;
  readonly network: Network;
}

/** @throws SdkError `SERVICE_UNKNOWN` */
export async function restakingOf(avs: Hex, network: Network, rpc: Rpc): Promise<Restaking> {
  const l1 = l1ClientOf(network, rpc);
  return { service: await getStakingService(l1, { avs }), l1, network };
}
