import { mkdir } from "node:fs/promises";
import { startAnvilL1 } from "../anvil.ts";
import { deployTestChain, type Fork, KEYS } from "../chain.ts";
import { requireEqualChains, waitForHeight } from "../compare.ts";
import { startOpGeth } from "../nodes.ts";
import { type BatchData, startBeacon, startOurNode } from "../our-node.ts";
import { waitFor } from "../program.ts";
import type { Scenario } from "../scenario.ts";
import { depositEther, startStockBatcher, startStockSequencer } from "./stock-sequences.ts";

const BLOCKS = 15;

/** Stock nodes sequence and batch; our derivation rebuilds their chain over a second op-geth, from L1 alone. */
export function ourDerivationOverOpGeth(fork: Fork, data: BatchData): Scenario {
  const { dataAvailability, batches } = data;
  return {
    name: `our derivation over op-geth follows stock nodes (${fork}, ${batches} batches in ${dataAvailability})`,
    async run(context) {
      const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
      const chain = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork });
      const beaconUrl = dataAvailability === "blobs" ? await startBeacon(context, l1.url, chain) : undefined;
      const { geth, node } = await startStockSequencer(context, chain, l1.url, beaconUrl);
      await startStockBatcher(context, { l1Url: l1.url, geth, node, dataAvailability, batches });
      await depositEther(l1.url, chain);
      const directory = `${context.directory}/follower`;
      await mkdir(directory);
      const follower = context.started(await startOpGeth({ directory, genesis: chain.genesis.genesis }));
      const ours = await startOurNode(context, {
        name: "ours",
        chain,
        l1Url: l1.url,
        over: follower,
        ...(beaconUrl === undefined ? {} : { beaconUrl }),
      });
      await waitForHeight(geth.url, "safe", BLOCKS, { programs: [geth, node] });
      const height = await waitFor(
        "our safe head",
        async () => {
          const { number } = ours.engine.heads().safe;
          return number >= BLOCKS ? number : undefined;
        },
        { timeoutMs: 90_000 },
      );
      await requireEqualChains(geth.url, follower.url, height);
      context.note(`${height} equal blocks`);
    },
  };
}
