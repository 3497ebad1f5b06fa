/**
 * Signed transfers as JSON-RPC batches of 100, from a loader of its own to durable, rooted blocks; receivers random among
 * 1,000,000 accounts. The same load for go-ethereum's development chain and for anvil.
 */
import { runLoadBench } from "./src/load-bench.ts";

await runLoadBench({
  name: "transfers",
  about: "signed transfers in batches, to blocks",
  workload: "transfers",
  batch: 100,
  connections: 16,
  senders: 100_000,
  expected: { altlayer: 20_000, geth: 5_000, anvil: 1_300 },
});
