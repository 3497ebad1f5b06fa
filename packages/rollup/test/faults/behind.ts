import type { Hex } from "viem";
import { startDevnet } from "../support/devnet.ts";
import { until } from "../support/until.ts";

export interface BehindReport {
  readonly l1Blocks: number;
  readonly l2Blocks: number;
  readonly blocksPerSecond: number;
  readonly rssGrowthMiB: number;
  /** L1 heights that the status told on the way, a few a second. */
  readonly progress: readonly number[];
  /** What eth_syncing answered on the way, where it was not `false`. */
  readonly syncing: readonly { readonly currentBlock: number; readonly highestBlock: number }[];
  readonly syncingAtTheEnd: unknown;
}

const L1_BLOCK_SECONDS = 12;

/** A follower that joins a chain whose L1 is `l1Blocks` long already (648,000 are three months), blocks every 24 s. */
export async function followFromFarBehind(l1Blocks: number): Promise<BehindReport> {
  const devnet = await startDevnet({ blockTime: 24, seqWindowSize: 30 });
  try {
    for (let left = l1Blocks; left > 0; left -= 10_000) {
      const count = Math.min(left, 10_000);
      await devnet.anvil.call("anvil_mine", [`0x${count.toString(16)}`, `0x${L1_BLOCK_SECONDS.toString(16)}`]);
    }
    const end = Number(await devnet.anvil.call<Hex>("eth_blockNumber"));
    const rssBefore = process.memoryUsage().rss;
    const startedMs = Date.now();
    const node = await devnet.node("follower");
    const progress: number[] = [];
    const syncing: { currentBlock: number; highestBlock: number }[] = [];
    const ask = async (): Promise<unknown> => {
      const answer = await fetch(node.rpc?.httpUrl ?? "", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_syncing" }),
      });
      return ((await answer.json()) as { result: unknown }).result;
    };
    let nextLookMs = 0;
    await until(
      async () => {
        const at = node.driver?.status.currentL1?.number ?? 0;
        if (Date.now() >= nextLookMs) {
          nextLookMs = Date.now() + 250;
          progress.push(at);
          const told = await ask();
          if (told !== false) {
            const { currentBlock, highestBlock } = told as { currentBlock: Hex; highestBlock: Hex };
            syncing.push({ currentBlock: Number(currentBlock), highestBlock: Number(highestBlock) });
          }
        }
        return at >= end;
      },
      60_000 + l1Blocks * 100,
    );
    const seconds = (Date.now() - startedMs) / 1000;
    await until(() => node.driver?.status.idle === true);
    return {
      l1Blocks: end,
      l2Blocks: node.engine.heads().safe.number,
      blocksPerSecond: Math.round(end / seconds),
      rssGrowthMiB: Math.round((process.memoryUsage().rss - rssBefore) / 1024 / 1024),
      progress,
      syncing,
      syncingAtTheEnd: await ask(),
    };
  } finally {
    await devnet.close();
  }
}
