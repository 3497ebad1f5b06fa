/** Swaps on four constant-product markets through a router, in both directions; one transaction of five is a token transfer. */
import { runLoadBench } from "./src/load-bench.ts";

await runLoadBench({
  name: "swap",
  about: "a mix of swaps and token transfers in batches, to blocks",
  workload: "swap",
  batch: 100,
  connections: 16,
  senders: 10_000,
  expected: { altlayer: 9_000, geth: 2_500, anvil: 800 },
});
