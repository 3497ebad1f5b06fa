import { createWalletClient, type Hex, http, parseEther } from "viem";
import { deployTestChain, KEYS } from "../chain.ts";
import { requireEqualChains, waitForHeight } from "../compare.ts";
import { StockError } from "../errors.ts";
import { startGethL1, startOpGeth, startOpNode } from "../nodes.ts";
import { startOurNode } from "../our-node.ts";
import { call, waitFor } from "../program.ts";
import type { Scenario } from "../scenario.ts";
import { startTraffic } from "../traffic.ts";

const BLOCKS = 15;

/** Gives ether of a development geth's own account to the roles. */
export async function fundRoles(l1Url: string): Promise<void> {
  const [faucet] = await call<Hex[]>(l1Url, "eth_accounts");
  if (faucet === undefined) throw new StockError("START_FAILED", "geth --dev holds no account");
  const wallet = createWalletClient({ account: faucet, transport: http(l1Url) });
  for (const { address } of Object.values(KEYS)) {
    const hash = await wallet.sendTransaction({ chain: null, to: address, value: parseEther("100") });
    const receipt = () => call<object | null>(l1Url, "eth_getTransactionReceipt", [hash]);
    await waitFor(`${address} is funded`, async () => (await receipt()) ?? undefined);
  }
}

/** Go-ethereum's pool and rules in the place of anvil's. */
export const stockFollowsUsOnGeth: Scenario = {
  name: "stock nodes follow our chain on go-ethereum as L1 (holocene, calldata)",
  async run(context) {
    const l1 = context.started(await startGethL1({ directory: context.directory, periodSeconds: 1 }));
    await fundRoles(l1.url);
    const chain = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork: "holocene" });
    const ours = await startOurNode(context, {
      name: "ours",
      chain,
      l1Url: l1.url,
      sequencer: true,
      batcher: { dataAvailability: "calldata", batches: "span" },
    });
    const url = ours.rpc?.httpUrl ?? "";
    context.started(startTraffic(url));
    const follower = context.started(
      await startOpGeth({ directory: context.directory, genesis: chain.genesis.genesis }),
    );
    const node = context.started(
      await startOpNode({
        directory: context.directory,
        l1Url: l1.url,
        engineUrl: follower.engineUrl,
        jwtPath: follower.jwtPath,
        rollupConfig: chain.rollupJson,
      }),
    );
    const height = await waitForHeight(follower.url, "safe", BLOCKS, { programs: [follower, node] });
    await requireEqualChains(url, follower.url, height);
    context.note(`${height} equal blocks`);
  },
};
