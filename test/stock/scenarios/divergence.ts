import { mkdir } from "node:fs/promises";
import { startAnvilL1 } from "../anvil.ts";
import { deployTestChain, type Fork, KEYS, type TestChain } from "../chain.ts";
import { firstDifference, waitForHeight } from "../compare.ts";
import { StockError } from "../errors.ts";
import { startOpGeth, startOpNode } from "../nodes.ts";
import { startOurNode } from "../our-node.ts";
import { waitFor } from "../program.ts";
import type { Scenario } from "../scenario.ts";
import { startTraffic } from "../traffic.ts";

const BLOCKS = 10;

/**
 * A follower that executes by one wrong rule must not end in our chain unnoticed. The wrong rule is the base fee's
 * denominator: it stands in the chain's configuration, not in the genesis block, so nothing differs until blocks do.
 */
export function divergenceIsFound(fork: Fork): Scenario {
  return {
    name: `a deliberate divergence is found (${fork})`,
    async run(context) {
      const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
      const chain = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork });
      const ours = await startOurNode(context, {
        name: "ours",
        chain,
        l1Url: l1.url,
        sequencer: true,
        batcher: { dataAvailability: "calldata", batches: "span" },
      });
      const url = ours.rpc?.httpUrl ?? "";
      context.started(startTraffic(url));
      await mkdir(`${context.directory}/wrong`);
      const wrong = withWrongDenominator(chain);
      const follower = context.started(
        await startOpGeth({ directory: `${context.directory}/wrong`, genesis: wrong.genesis.genesis }),
      );
      const node = context.started(
        await startOpNode({
          directory: `${context.directory}/wrong`,
          l1Url: l1.url,
          engineUrl: follower.engineUrl,
          jwtPath: follower.jwtPath,
          rollupConfig: wrong.rollupJson,
        }),
      );
      await waitForHeight(url, "safe", BLOCKS);
      await waitFor(
        "the wrong follower has blocks",
        async () => ((await waitForHeight(follower.url, "latest", 2, { timeoutMs: 1_000 })) > 0 ? true : undefined),
        { programs: [follower, node] },
      );
      const height = await waitForHeight(follower.url, "latest", 2);
      const difference = await firstDifference(url, follower.url, height);
      if (difference === undefined || difference === 0) {
        throw new StockError("MISMATCH", `the divergence went unseen up to block ${height} (${difference})`);
      }
      context.note(`equal genesis, first difference at block ${difference}`);
    },
  };
}

function withWrongDenominator(chain: TestChain): TestChain {
  const optimism = { eip1559Elasticity: 6, eip1559Denominator: 50, eip1559DenominatorCanyon: 8 };
  const genesis = chain.genesis.genesis;
  const rollup = JSON.parse(chain.rollupJson) as Record<string, unknown>;
  return {
    ...chain,
    genesis: { ...chain.genesis, genesis: { ...genesis, config: { ...genesis.config, optimism } } },
    rollupJson: JSON.stringify({ ...rollup, chain_op_config: optimism }),
  };
}
