import { startAnvilL1 } from "../anvil.ts";
import { deployTestChain, KEYS } from "../chain.ts";
import { requireEqualChains, waitForHeight } from "../compare.ts";
import { startOpGeth, startOpNode } from "../nodes.ts";
import { startOurNode } from "../our-node.ts";
import type { Scenario } from "../scenario.ts";
import { startTraffic } from "../traffic.ts";

const HOLOCENE_AFTER_SECONDS = 12;

/** Granite at genesis, Holocene while the chain runs. */
export const holoceneActivates: Scenario = {
  name: "stock nodes follow our chain through the activation of Holocene",
  async run(context) {
    const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
    const chain = await deployTestChain({
      l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key },
      fork: "granite",
      holoceneAfterSeconds: HOLOCENE_AFTER_SECONDS,
    });
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
    const height = await waitForHeight(follower.url, "safe", HOLOCENE_AFTER_SECONDS + 8, {
      programs: [follower, node],
    });
    await requireEqualChains(url, follower.url, height);
    context.note(`${height} equal blocks`);
  },
};
