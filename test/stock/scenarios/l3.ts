import { mkdir } from "node:fs/promises";
import { startAnvilL1 } from "../anvil.ts";
import { deployTestChain, KEYS } from "../chain.ts";
import { requireEqualChains, waitForHeight } from "../compare.ts";
import { StockError } from "../errors.ts";
import { startOpGeth, startOpNode } from "../nodes.ts";
import { startOurNode } from "../our-node.ts";
import { call, waitFor } from "../program.ts";
import type { Scenario } from "../scenario.ts";
import { startTraffic } from "../traffic.ts";
import { DEPOSIT_WEI, depositEther, RECIPIENT } from "./stock-sequences.ts";

const BLOCKS = 10;

/** A rollup whose L1 is our own rollup: deployed, sequenced, batched and followed through our RPC. */
export const l3OnOurL2: Scenario = {
  name: "an L3 on our L2, followed by stock nodes (holocene, calldata)",
  async run(context) {
    const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
    const l2 = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork: "holocene" });
    const l2Node = await startOurNode(context, {
      name: "l2",
      chain: l2,
      l1Url: l1.url,
      sequencer: true,
      batcher: { dataAvailability: "calldata", batches: "span" },
    });
    const l2Url = requireUrl(l2Node.rpc?.httpUrl);
    await waitForHeight(l2Url, "latest", 2);

    const l3 = await deployTestChain({
      l1: { rpcUrl: l2Url, privateKey: KEYS.owner.key },
      fork: "holocene",
      l2ChainId: 902,
    });
    const l3Node = await startOurNode(context, {
      name: "l3",
      chain: l3,
      l1Url: l2Url,
      sequencer: true,
      batcher: { dataAvailability: "calldata", batches: "span" },
    });
    const l3Url = requireUrl(l3Node.rpc?.httpUrl);
    await depositEther(l2Url, l3);
    context.started(startTraffic(l3Url));

    await mkdir(`${context.directory}/follower`);
    const directory = `${context.directory}/follower`;
    const follower = context.started(await startOpGeth({ directory, genesis: l3.genesis.genesis }));
    const node = context.started(
      await startOpNode({
        directory,
        l1Url: l2Url,
        engineUrl: follower.engineUrl,
        jwtPath: follower.jwtPath,
        rollupConfig: l3.rollupJson,
      }),
    );
    const programs = [follower, node];
    await waitFor(
      "the deposit at the follower",
      async () => {
        const balance = BigInt(await call<string>(follower.url, "eth_getBalance", [RECIPIENT, "latest"]));
        return balance === DEPOSIT_WEI ? true : undefined;
      },
      { programs, timeoutMs: 90_000 },
    );
    const height = await waitForHeight(follower.url, "safe", BLOCKS, { programs });
    await requireEqualChains(l3Url, follower.url, height);
    context.note(`${l3.deployment.transactionsSent} deployment transactions on L2, ${height} equal blocks`);
  },
};

function requireUrl(url: string | undefined): string {
  if (url === undefined) throw new StockError("START_FAILED", "our node serves no RPC");
  return url;
}
