import { expect, it } from "vitest";
import { blockDelays, percentile, transactionDelays } from "../src/certificates/delays.ts";

const block = (number: number, transactions: readonly string[]) => ({
  number,
  hash: `block ${number}`,
  parentHash: `block ${number - 1}`,
  transactions,
});
const certified = (height: number, transactionCount: number, atMs: number, blockHash: string | null = null) => ({
  height,
  parentHash: `block ${height - 1}`,
  blockHash,
  transactionCount,
  atMs,
});
const blocks = [block(1, ["deposit 1", "a", "b"]), block(2, ["deposit 2", "c"])];
const sealed = blocks.map(({ number, hash }) => ({ number, hash, atMs: number * 1_000 }));

it("counts a block from its head event to its own certificate, and one without as missed", () => {
  const certificates = [certified(1, 3, 1_100), certified(1, 3, 1_150, "block 1"), certified(2, 2, 2_500, "another 2")];
  expect(blockDelays(blocks, { sealed, certificates })).toEqual({ ms: [150], missed: 1 });
});

it("counts a transaction to the first certificate that covers it, of the chain that it stands in", () => {
  const sent = new Map([
    ["a", 500],
    ["b", 600],
    ["c", 1_500],
  ]);
  const certificates = [
    certified(1, 3, 1_150, "block 1"),
    // Covers the deposit and `a`; arrives in no order.
    certified(1, 2, 700),
    { ...certified(2, 2, 1_600), parentHash: "another 1" },
  ];
  expect(transactionDelays(blocks, { sealed, certificates }, sent)).toEqual({ ms: [200, 550], missed: 1, bySlice: 1 });
});

it("takes the value below or at which the share is", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100]);
  expect(percentile([], 0.5)).toBeNull();
});
