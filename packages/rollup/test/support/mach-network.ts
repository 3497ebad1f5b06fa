import { createPublicClient, defineChain, type Hex, http } from "viem";
import type { NodeConfigInput } from "../../src/config/node-config.ts";
import type { RollupNode } from "../../src/node/node.ts";
import { type Devnet, keyOf } from "./devnet.ts";
import type { MachDevnet } from "./mach.ts";

export const chain = defineChain({
  id: 901,
  name: "devnet",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [] } },
});
export const fees = { gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 6n };

/** A sequencer that gathers certificates, and operators (by default all four) that follow it, each with an engine of its own. */
export async function startNetwork(
  { devnet, mach }: { readonly devnet: Devnet; readonly mach: MachDevnet },
  sequencing: Partial<NodeConfigInput>,
  { finalizedBlocks = 2, operatorCount = 4, slices = async (url: string) => url, operator = mach.operator } = {},
) {
  const l1 = { ...devnet.l1, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks } as const };
  const config: Partial<NodeConfigInput> = {
    ...sequencing,
    l1,
    mach: mach.config,
    sequencer: { ...sequencing.sequencer, signer: keyOf("owner") },
    flashblocks: sequencing.flashblocks ?? { port: 0 },
    gossip: {},
  };
  const sequencer = await devnet.node("sequencer", config);
  const gossip = { peers: [...(sequencer.gossip?.node.addresses ?? [])] };
  const followSlices = await slices(`${sequencer.flashblocks?.url}/slices`);
  const peers = [...(sequencer.mach?.service.status().addresses ?? [])];
  const operators: RollupNode[] = [];
  for (let i = 0; i < operatorCount; i++) {
    const config = { l1, gossip, followSlices, mach: { ...mach.config, peers: [...peers] } };
    const node = await devnet.node(`operator-${i}`, config, { machOperator: operator(i) });
    operators.push(node);
    peers.push(...(node.mach?.service.status().addresses ?? []));
  }
  const transport = http(sequencer.rpc?.httpUrl);
  const client = createPublicClient({ chain, transport });
  const ask = <T>(method: string, ...params: unknown[]) => client.request({ method, params } as never) as Promise<T>;
  const certified = async () => (await ask<{ certified: { number: Hex; hash: Hex } | null }>("mach_getHead")).certified;
  return { config, following: { l1, gossip, followSlices }, sequencer, operators, transport, ask, certified };
}
