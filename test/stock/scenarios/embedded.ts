import { mkdir } from "node:fs/promises";
import { startAnvilL1 } from "../anvil.ts";
import { deployTestChain, type Fork, KEYS } from "../chain.ts";
import { requireEqualChains, waitForHeight } from "../compare.ts";
import { StockError } from "../errors.ts";
import { startOpGeth, startOpNode } from "../nodes.ts";
import { type BatchData, startBeacon, startOurNode } from "../our-node.ts";
import { call, waitFor } from "../program.ts";
import type { Scenario } from "../scenario.ts";
import { startTraffic } from "../traffic.ts";
import { DEPOSIT_WEI, depositEther, RECIPIENT, startStockBatcher, startStockSequencer } from "./stock-sequences.ts";

const BLOCKS = 15;

/** Our sequencer with our own engine; stock op-node and op-geth follow from L1 alone. */
export function stockFollowsUs(fork: Fork, data: BatchData): Scenario {
  return {
    name: `stock nodes follow our chain (${fork}, ${data.batches} batches in ${data.dataAvailability})`,
    async run(context) {
      const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
      const chain = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork });
      const beaconUrl = data.dataAvailability === "blobs" ? await startBeacon(context, l1.url, chain) : undefined;
      const beacon = beaconUrl === undefined ? {} : { beaconUrl };
      const ours = await startOurNode(context, {
        name: "ours",
        chain,
        l1Url: l1.url,
        sequencer: true,
        batcher: data,
        ...beacon,
      });
      const url = requireUrl(ours.rpc?.httpUrl);
      await depositEther(l1.url, chain);
      const traffic = startTraffic(url);
      context.started(traffic);
      const follower = context.started(
        await startOpGeth({ directory: context.directory, genesis: chain.genesis.genesis }),
      );
      const node = context.started(
        await startOpNode({
          directory: context.directory,
          l1Url: l1.url,
          ...beacon,
          engineUrl: follower.engineUrl,
          jwtPath: follower.jwtPath,
          rollupConfig: chain.rollupJson,
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
      await requireEqualChains(url, follower.url, height);
      context.note(`${height} equal blocks, ${traffic.sent()} transactions`);
    },
  };
}

/** Stock nodes sequence and batch; our follower with our own engine rebuilds their chain. */
export function weFollowStock(fork: Fork, data: BatchData): Scenario {
  return {
    name: `our follower derives the stock nodes' chain (${fork}, ${data.batches} batches in ${data.dataAvailability})`,
    async run(context) {
      const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
      const chain = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork });
      const beaconUrl = data.dataAvailability === "blobs" ? await startBeacon(context, l1.url, chain) : undefined;
      const beacon = beaconUrl === undefined ? {} : { beaconUrl };
      const { geth, node } = await startStockSequencer(context, chain, l1.url, beaconUrl);
      await startStockBatcher(context, { l1Url: l1.url, geth, node, ...data });
      await depositEther(l1.url, chain);
      const traffic = startTraffic(geth.url);
      context.started(traffic);
      const ours = await startOurNode(context, { name: "ours", chain, l1Url: l1.url, ...beacon });
      const url = requireUrl(ours.rpc?.httpUrl);
      const height = await waitForHeight(url, "safe", BLOCKS, { programs: [geth, node] });
      await requireEqualChains(geth.url, url, height);
      context.note(`${height} equal blocks, ${traffic.sent()} transactions`);
    },
  };
}

/** A stock op-node drives our engine by the Engine API, as sequencer; a second stock pair follows what it batches. */
export function stockOverOurEngine(fork: Fork): Scenario {
  return {
    name: `stock op-node sequences over our engine (${fork})`,
    async run(context) {
      const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
      const chain = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork });
      const follower = context.started(
        await startOpGeth({ directory: context.directory, genesis: chain.genesis.genesis }),
      );
      const ours = await startOurNode(context, {
        name: "ours",
        chain,
        l1Url: l1.url,
        config: { engineApi: { port: 0, jwtSecretFile: follower.jwtPath } },
      });
      const url = requireUrl(ours.rpc?.httpUrl);
      const engineUrl = requireUrl(ours.engineApi?.httpUrl);
      const shared = { l1Url: l1.url, jwtPath: follower.jwtPath, rollupConfig: chain.rollupJson };
      await mkdir(`${context.directory}/sequencer`);
      const sequencer = context.started(
        await startOpNode({
          ...shared,
          directory: `${context.directory}/sequencer`,
          engineUrl,
          sequencer: { l1Confirmations: 0 },
        }),
      );
      await waitForHeight(url, "latest", 3, { programs: [sequencer] });
      const traffic = startTraffic(url);
      context.started(traffic);
      await startStockBatcher(context, {
        l1Url: l1.url,
        geth: { url },
        node: sequencer,
        dataAvailability: "calldata",
        batches: "span",
      });
      await depositEther(l1.url, chain);
      const node = context.started(
        await startOpNode({ ...shared, directory: context.directory, engineUrl: follower.engineUrl }),
      );
      const height = await waitForHeight(follower.url, "safe", BLOCKS, { programs: [sequencer, follower, node] });
      await requireEqualChains(url, follower.url, height);
      context.note(`${height} equal blocks, ${traffic.sent()} transactions`);
    },
  };
}

function requireUrl(url: string | undefined): string {
  if (url === undefined) throw new StockError("START_FAILED", "our node serves no RPC");
  return url;
}
