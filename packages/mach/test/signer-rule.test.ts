import {
  appendLeaf,
  type Base,
  BLOCK,
  type Core,
  EMPTY_RANGE,
  historyLeaf,
  isSlashable,
  MachDigests,
  type Message,
  MountainRange,
  type RangePeaks,
  rangeRoot,
} from "@altlayer/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { signerRefusal } from "../src/core/signer-rule.ts";
import type { Extension, JournalRecord } from "../src/index.ts";
import { blockMessage, type ExampleBlock, ExampleChain, extensionOn, named, sliceMessage } from "./support/chain.ts";
import { DOMAIN, keccak256 } from "./support/vectors.ts";
import { Evidence, type Past } from "./torture/evidence.ts";

const digests = new MachDigests(DOMAIN, { keccak256 });
const schedule = { startBlock: 99, depth: 1, epochLength: 4 };
const base: Base = { epoch: 0, l1Hash: named("L1 99"), height: 0, blockHash: named("genesis") };
const HEIGHTS = 5;
const RUNS = 1_500;

/** One chain, and others that leave it at each height; their first blocks begin with the same transactions. */
const main = new ExampleChain(base, { digests, keccak256 });
for (let height = 1; height <= HEIGHTS; height++) main.add(["l1", `a${height}`, `b${height}`, "c"]);
const branches = [main, ...[0, 1, 2, 3].map((count) => forkOf(count))];
function forkOf(count: number): ExampleChain {
  const fork = main.fork(count);
  for (let height = count + 1; height <= HEIGHTS; height++) {
    fork.add(["l1", height === count + 1 ? `a${height}` : `x${height}`, `y${count} ${height}`, "z"]);
  }
  return fork;
}
const evidence = new Evidence(digests);
for (const { blocks } of branches) for (const block of blocks) evidence.learn(block);

/** A range that no chain has: the blocks of one branch below a height, those of another from there on. */
function splice(low: number, high: number, from: number): Past {
  const [below, above] = [branches[low], branches[high]] as [ExampleChain, ExampleChain];
  const blocks = [...below.blocks.slice(0, from), ...above.blocks.slice(from)];
  const history = new MountainRange({ keccak256 });
  for (const { core } of blocks) history.append(historyLeaf(digests.core(core), keccak256));
  return { blocks, history };
}

const branch = fc.nat(branches.length - 1);
const spliced = fc.record({ low: branch, high: branch, from: fc.integer({ min: 0, max: HEIGHTS }) });
/** A message of some branch, perhaps with another's history, shown by the blocks of some branch or splice, or not at all. */
const request = fc.record({
  of: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, branch),
  up: fc.integer({ min: 0, max: 2 }),
  /** Of a slice; more than there are: the block. */
  count: fc.integer({ min: 1, max: 5 }),
  past: fc.option(spliced, { nil: null }),
  shownBy: fc.constantFrom("own", "past", "tip", null),
  spoilt: fc.constantFrom<((extension: Extension) => Extension) | null>(
    null,
    null,
    null,
    ({ history, cores, prefix }) => ({ history, prefix, cores: cores.slice(1) }),
    ({ history, cores, prefix }) => ({ history, cores, prefix: prefix.slice(1) }),
    ({ history, cores, prefix }) => ({ cores, prefix, history: { ...history, size: history.size + 1 } }),
  ),
});

function messageOf({ blocks }: ExampleChain, height: number, count: number): Message {
  const block = blocks[height - 1] as ExampleBlock;
  return count > block.core.transactionCount ? blockMessage(block, base) : sliceMessage(block, count, base);
}

function ask(before: JournalRecord, tip: Message, extension: Extension | null) {
  return signerRefusal({ tip, quarantineHeight: null }, before, { schedule, digests, keccak256, extension });
}

test("whatever a node asks for, and however it shows it: nothing that a signer lets pass convicts it", () => {
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(request, { minLength: 3, maxLength: 10 }), (requests) => {
      const signed: Message[] = [];
      let record: JournalRecord = { tip: null, quarantineHeight: null };
      let tipBranch = main;
      for (const { of, up, count, past, shownBy, spoilt } of requests) {
        const chain = branches[of] as ExampleChain;
        const height = Math.min(HEIGHTS, Math.max(1, (record.tip?.core.height ?? 0) + up));
        const honest = messageOf(chain, height, count);
        const range = past && splice(past.low, past.high, past.from);
        const message = range
          ? { ...honest, core: { ...honest.core, historyRoot: range.history.root(height - 1) } }
          : honest;
        if (range) evidence.learnPast(message, range);
        const by = { own: chain, past: range, tip: tipBranch }[shownBy ?? "past"];
        const isShown = record.tip && by && shownBy;
        const shown = isShown ? extensionOn(by, { tip: record.tip as Message, message }, { digests, keccak256 }) : null;
        const refusal = ask(record, message, shown && spoilt ? spoilt(shown) : shown);
        outcomes.set(refusal ?? "signed", (outcomes.get(refusal ?? "signed") ?? 0) + 1);
        if (refusal !== null) continue;
        for (const before of signed) expect(evidence.convicts(before, message)).toBe(false);
        signed.push(message);
        record = { tip: message, quarantineHeight: null };
        tipBranch = chain;
      }
    }),
    { numRuns: RUNS },
  );
  // The generator reached them.
  for (const each of ["signed", "NOT_SHOWN", "CONTRADICTS_TIP", "NOT_AHEAD_OF_TIP"]) {
    expect(outcomes.get(each) ?? 0, each).toBeGreaterThan(100);
  }
});

test("what an honest node goes on with is signed", () => {
  const steps = fc.array(fc.record({ up: fc.integer({ min: 0, max: 2 }), count: fc.integer({ min: 1, max: 5 }) }));
  fc.assert(
    fc.property(fc.nat(branches.length - 1), steps, (of, moves) => {
      const branch = branches[of] as ExampleChain;
      let tip = messageOf(branch, 1, 1);
      for (const { up, count } of moves) {
        const height = tip.core.height + up;
        if (height > HEIGHTS) return;
        const message = messageOf(branch, height, count);
        const isAhead =
          up > 0 ||
          (tip.kind !== BLOCK && (message.kind === BLOCK || message.core.transactionCount > tip.core.transactionCount));
        if (!isAhead) continue;
        const shown = extensionOn(branch, { tip, message }, { digests, keccak256 });
        expect(ask({ tip, quarantineHeight: null }, message, shown)).toBeNull();
        tip = message;
      }
    }),
    { numRuns: 500 },
  );
});

/** What a signer cannot see, docs/spec/mach.md says in section 14: here it is, so that nobody takes the signer for more. */
test("a node that was taken over can have its operator slashed: by an L1 hash of a base before the tip's", () => {
  const block = (height: number, originNumber: number, of: Base): Message => {
    const { core } = main.blocks[height - 1] as ExampleBlock;
    return { kind: BLOCK, core: { ...core, originNumber }, base: of };
  };
  const first = block(1, 101, base);
  const false1: Base = { epoch: 1, l1Hash: named("no L1 block"), height: 1, blockHash: named("whatever") };
  const second = block(3, 104, false1);
  const third = block(5, 108, { epoch: 2, l1Hash: base.l1Hash, height: 3, blockHash: named("whatever") });
  expect(ask({ tip: first, quarantineHeight: null }, second, null)).toBeNull();
  expect(ask({ tip: second, quarantineHeight: null }, third, null)).toBeNull();
  expect(isSlashable([first, third], { form: "BASE" }, { digests, keccak256 })).toBe(true);
  // The tip's own base it does see.
  const changed = block(5, 108, { ...false1, epoch: 2, height: 3 });
  expect(ask({ tip: second, quarantineHeight: null }, changed, null)).toBe("BASE_CHANGES");
});

test("a node that was taken over can have its operator slashed: by a block that the first history hides", () => {
  const hidden: Core = { ...(main.blocks[2] as ExampleBlock).core, blockHash: named("hidden") };
  const range = new MountainRange({ keccak256 });
  let peaks: RangePeaks = EMPTY_RANGE;
  const append = (core: Core) => {
    const leaf = historyLeaf(digests.core(core), keccak256);
    range.append(leaf);
    peaks = appendLeaf(peaks, leaf, keccak256);
  };
  append(hidden);
  let record: JournalRecord = { tip: null, quarantineHeight: null };
  const signed: Message[] = [];
  let below: RangePeaks = EMPTY_RANGE;
  for (const height of [2, 3, 4]) {
    const core = { ...(main.blocks[height - 1] as ExampleBlock).core, historyRoot: rangeRoot(peaks, keccak256) };
    const message: Message = { kind: BLOCK, core, base };
    const before = signed.at(-1)?.core;
    // The peaks below the tip, and the tip's own block.
    const shown = before && { history: below, cores: [before], prefix: [] };
    expect(ask(record, message, shown ?? null)).toBeNull();
    signed.push(message);
    record = { tip: message, quarantineHeight: null };
    below = peaks;
    append(core);
  }
  const [, low, high] = signed as [Message, Message, Message];
  const inclusion = range.inclusion(0, 3);
  const proof = { form: "HISTORY", core: hidden, inclusion, at: { form: "PLACE" } } as const;
  expect(isSlashable([low, high], proof, { digests, keccak256 })).toBe(true);
});
