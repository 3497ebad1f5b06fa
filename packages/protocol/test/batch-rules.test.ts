import { describe, expect, test } from "vitest";
import type { L1BlockRef, L2BlockRef, RollupConfig, SingularBatch } from "../src/index.ts";
import { checkSingularBatch } from "../src/index.ts";
import { hash, testConfig, transfer } from "./support/simulation.ts";

/** L1 blocks 100 to 103, 12 seconds apart from 5000 on. */
const L1: readonly L1BlockRef[] = [0, 1, 2, 3].map((i) => ({
  hash: hash("l1", i),
  number: 100 + i,
  parentHash: hash("l1", i - 1),
  timestamp: 5000 + 12 * i,
}));
const at = (i: number) => L1[i] as L1BlockRef;
const before = { ...testConfig({ seqWindowSize: 10 }), maxSequencerDrift: 600 };
const holocene: RollupConfig = { ...before, forkTimes: { ...before.forkTimes, holocene: 0 } };

/** The safe head has L1 block 100 as origin; the next block comes at `time`. */
function safeHead(time: number): L2BlockRef {
  return {
    hash: hash("l2"),
    number: 7,
    parentHash: hash("l2 parent"),
    timestamp: time - 2,
    l1Origin: { hash: at(0).hash, number: 100 },
    sequenceNumber: 3,
  };
}

function batch(timestamp: number, fields: Partial<SingularBatch> = {}): SingularBatch {
  return {
    kind: "singular",
    parentHash: hash("l2"),
    epochNumber: 100,
    epochHash: at(0).hash,
    timestamp,
    transactions: [transfer(1)],
    ...fields,
  };
}

function check(
  it: SingularBatch,
  options: { config?: RollupConfig; blocks?: readonly L1BlockRef[]; next?: number; inclusion?: number } = {},
) {
  const includedIn = { ...at(3), number: options.inclusion ?? 103 };
  const head = safeHead(options.next ?? 5010);
  return checkSingularBatch(it, {
    config: options.config ?? before,
    l1Blocks: options.blocks ?? L1,
    safeHead: head,
    includedIn,
  });
}

const epoch1 = { epochNumber: 101, epochHash: at(1).hash };

describe("a singular batch", () => {
  test.each([
    ["of the next block", batch(5010), {}, "accept", "accept"],
    ["of a block after the next", batch(5012), {}, "future", "drop"],
    ["of a block that is there", batch(5008), {}, "drop", "past"],
    ["on another parent", batch(5010, { parentHash: hash("x") }), {}, "drop", "drop"],
    ["within the sequencing window", batch(5010), { inclusion: 110 }, "accept", "accept"],
    ["after the sequencing window", batch(5010), { inclusion: 111 }, "drop", "drop"],
    ["of an older epoch", batch(5010, { epochNumber: 99 }), {}, "drop", "drop"],
    [
      "of an epoch too far on",
      batch(5030, { epochNumber: 102, epochHash: at(2).hash }),
      { next: 5030 },
      "drop",
      "drop",
    ],
    ["of the next epoch", batch(5012, epoch1), { next: 5012 }, "accept", "accept"],
    ["of the next epoch before its time", batch(5010, epoch1), {}, "drop", "drop"],
    [
      "of the next epoch, unknown yet",
      batch(5012, epoch1),
      { next: 5012, blocks: L1.slice(0, 1) },
      "undecided",
      "undecided",
    ],
    ["of an epoch of another L1", batch(5010, { epochHash: hash("x") }), {}, "drop", "drop"],
    ["without any L1 block known", batch(5010), { blocks: [] }, "undecided", "undecided"],
    ["with an empty transaction", batch(5010, { transactions: [new Uint8Array(0)] }), {}, "drop", "drop"],
    ["with a set-code transaction", batch(5010, { transactions: [Uint8Array.of(4, 0xc0)] }), {}, "drop", "drop"],
    ["with a deposit", batch(5010, { transactions: [transfer(1), Uint8Array.of(0x7e, 0xc0)] }), {}, "drop", "drop"],
  ] as const)("%s", (_, it, options, expectedBefore, expectedHolocene) => {
    expect(check(it, options)).toBe(expectedBefore);
    expect(check(it, { ...options, config: holocene })).toBe(expectedHolocene);
  });
});

describe("the sequencer drift", () => {
  // Fjord: 1800 seconds after the origin's time. The next L1 block is very late here.
  const late = [at(0), { ...at(1), timestamp: 7000 }, at(2)];

  test.each([
    ["transactions up to the limit", 6800, [transfer(1)], late, "accept"],
    ["transactions beyond it", 6802, [transfer(1)], late, "drop"],
    ["an empty block beyond it, before the next L1 block's time", 6802, [], late, "accept"],
    ["an empty block that should have taken the next origin", 7000, [], late, "drop"],
    ["an empty block while the next L1 block is unknown", 6802, [], late.slice(0, 1), "undecided"],
  ] as const)("%s", (_, time, transactions, blocks, expected) => {
    expect(check(batch(time, { transactions }), { next: time, blocks })).toBe(expected);
  });

  test("does not stop an empty block from taking the next origin", () => {
    const blocks = [at(0), at(1), at(2)];
    expect(check(batch(6900, { ...epoch1, transactions: [] }), { next: 6900, blocks })).toBe("accept");
    expect(check(batch(6900, epoch1), { next: 6900, blocks })).toBe("drop");
  });

  test("is the configured one before Fjord", () => {
    const { fjord: _, granite: __, ...forkTimes } = before.forkTimes;
    const config = { ...before, forkTimes };
    expect(check(batch(5600), { config, next: 5600, blocks: late })).toBe("accept");
    expect(check(batch(5602), { config, next: 5602, blocks: late })).toBe("drop");
  });
});
