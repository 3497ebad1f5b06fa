import { startAnvilL1 } from "../anvil.ts";
import { deployTestChain, type Fork, KEYS } from "../chain.ts";
import { requireEqualChains, waitForHeight } from "../compare.ts";
import { startOpGeth, startOpNode } from "../nodes.ts";
import { startOurNode } from "../our-node.ts";
import type { Scenario } from "../scenario.ts";
import { startTraffic } from "../traffic.ts";

const AFTER_SECONDS = 12;

interface Activation {
  readonly name: string;
  readonly fork: Fork;
  /** Of the forks that activate while the chain runs, in seconds after genesis. */
  readonly laterForks: NonNullable<Parameters<typeof deployTestChain>[0]["laterForks"]>;
}

const activation = ({ name, fork, laterForks }: Activation): Scenario => ({
  name,
  async run(context) {
    const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
    const chain = await deployTestChain({
      l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key },
      fork,
      laterForks,
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
    const height = await waitForHeight(follower.url, "safe", AFTER_SECONDS + 8, {
      programs: [follower, node],
    });
    await requireEqualChains(url, follower.url, height);
    context.note(`${height} equal blocks`);
  },
});

/** Granite at genesis, Holocene while the chain runs. */
export const holoceneActivates = activation({
  name: "stock nodes follow our chain through the activation of Holocene",
  fork: "granite",
  laterForks: { holocene: AFTER_SECONDS },
});

/** The longest upgrade that a running rollup can be scheduled to: two forks with one block. */
export const fjordToHolocene = activation({
  name: "stock nodes follow our chain from Fjord to Granite and Holocene in one block",
  fork: "fjord",
  laterForks: { granite: AFTER_SECONDS, holocene: AFTER_SECONDS },
});
