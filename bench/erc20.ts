/** Transfers of an ERC-20 (OpenZeppelin's) in batches of 100; receivers random among 1,000,000 accounts, most of them new holders. */
import { runLoadBench } from "./src/load-bench.ts";

await runLoadBench({
  name: "erc20",
  about: "ERC-20 transfers in batches, to blocks",
  workload: "erc20",
  batch: 100,
  connections: 16,
  senders: 100_000,
  expected: { altlayer: 14_000, geth: 4_000, anvil: 1_000 },
});
