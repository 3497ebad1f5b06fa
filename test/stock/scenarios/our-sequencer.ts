import { mkdir } from "node:fs/promises";
import { startAnvilL1 } from "../anvil.ts";
import { deployTestChain, type Fork, KEYS } from "../chain.ts";
import { requireEqualChains, waitForHeight } from "../compare.ts";
import { startOpGeth, startOpNode } from "../nodes.ts";
import { type BatchData, startBeacon, startOurNode } from "../our-node.ts";
import { call, waitFor } from "../program.ts";
import type { Scenario } from "../scenario.ts";
import { DEPOSIT_WEI, depositEther, RECIPIENT } from "./stock-sequences.ts";

const BLOCKS = 15;

/** Our sequencer and batcher over a stock op-geth; stock op-node and op-geth follow from L1 alone. */
export function stockFollowsOurSequencer(fork: Fork, data: BatchData): Scenario {
  return {
    name: `stock nodes follow our sequencer over op-geth (${fork}, ${data.batches} batches in ${data.dataAvailability})`,
    async run(context) {
      const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
      const chain = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork });
      const directories = [`${context.directory}/one`, `${context.directory}/two`] as const;
      await Promise.all(directories.map((directory) => mkdir(directory)));
      const beaconUrl = data.dataAvailability === "blobs" ? await startBeacon(context, l1.url, chain) : undefined;
      const { genesis } = chain.genesis;
      const geth = context.started(await startOpGeth({ directory: directories[0], genesis }));
      await startOurNode(context, {
        name: "ours",
        chain,
        l1Url: l1.url,
        over: geth,
        sequencer: true,
        batcher: data,
        ...(beaconUrl === undefined ? {} : { beaconUrl }),
      });
      await depositEther(l1.url, chain);
      await waitForHeight(geth.url, "latest", 5, { programs: [geth] });
      const follower = context.started(await startOpGeth({ directory: directories[1], genesis }));
      const followerNode = context.started(
        await startOpNode({
          directory: directories[1],
          l1Url: l1.url,
          ...(beaconUrl === undefined ? {} : { beaconUrl }),
          engineUrl: follower.engineUrl,
          jwtPath: follower.jwtPath,
          rollupConfig: chain.rollupJson,
        }),
      );
      await waitFor(
        "the deposit at the follower",
        async () => {
          const balance = BigInt(await call<string>(follower.url, "eth_getBalance", [RECIPIENT, "latest"]));
          return balance === DEPOSIT_WEI ? true : undefined;
        },
        { programs: [follower, followerNode], timeoutMs: 90_000 },
      );
      const height = await waitForHeight(follower.url, "safe", BLOCKS, { programs: [follower, followerNode] });
      await requireEqualChains(geth.url, follower.url, height);
      context.note(`${height} equal blocks`);
    },
  };
}
