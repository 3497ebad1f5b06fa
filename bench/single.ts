/** Signed transfers as single requests over kept-alive connections, to durable, rooted blocks. */
import { runLoadBench } from "./src/load-bench.ts";

await runLoadBench({
  name: "single",
  about: "signed transfers as single requests, to blocks",
  workload: "transfers",
  batch: 1,
  connections: 64,
  senders: 100_000,
  expected: { altlayer: 12_000, geth: 4_000, anvil: 1_300 },
});
