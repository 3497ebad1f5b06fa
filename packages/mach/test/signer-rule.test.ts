import { type Base, BLOCK, MachDigests, type Message, ZERO_HASH } from "@altlayer/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { signerRefusal } from "../src/core/signer-rule.ts";
import type { Extension, JournalRecord } from "../src/index.ts";
import { blockMessage, type ExampleBlock, ExampleChain, extensionOn, named, sliceMessage } from "./support/chain.ts";
import { DOMAIN, keccak256 } from "./support/vectors.ts";
import { Evidence } from "./torture/evidence.ts";

const digests = new MachDigests(DOMAIN, { keccak256 });
const schedule = { startBlock: 99, depth: 1, epochLength: 4 };
const base: Base = { epoch: 0, l1Hash: named("L1 99"), height: 0, blockHash: named("genesis") };
const HEIGHTS = 5;

/** One chain, and others that leave it at each height; some of their blocks begin with the same transactions. */
const main = new ExampleChain(base, { digests, keccak256 });
for (let height = 1; height <= HEIGHTS; height++) main.add(["l1", `a${height}`, `b${height}`]);
const branches = [main, ...[0, 1, 2, 3].map((count) => forkOf(count))];
function forkOf(count: number): ExampleChain {
  const fork = main.fork(count);
  for (let height = count + 1; height <= HEIGHTS; height++) {
    fork.add(["l1", height === count + 1 ? `a${height}` : `x${height}`, `y${count} ${height}`, "z"]);
  }
  return fork;
}
const blocks = new Set(branches.flatMap(({ blocks }) => blocks));
const evidence = new Evidence(digests);
for (const block of blocks) evidence.learn(block);

/** A message of some branch, shown as some other's blocks would show it, and perhaps not even that. */
const request = fc.record({
  of: fc.nat(branches.length - 1),
  height: fc.integer({ min: 1, max: HEIGHTS }),
  /** Of a slice; more than there are: the block. */
  count: fc.integer({ min: 1, max: 5 }),
  shownBy: fc.option(fc.nat(branches.length - 1), { nil: null }),
  spoilt: fc.constantFrom<((extension: Extension) => Extension) | null>(
    null,
    null,
    null,
    ({ history, cores, prefix }) => ({ history, prefix, cores: cores.slice(1) }),
    ({ history, cores, prefix }) => ({
      history,
      prefix,
      cores: cores.map((core) => ({ ...core, historyRoot: ZERO_HASH })),
    }),
    ({ history, cores, prefix }) => ({ history, cores, prefix: prefix.slice(1) }),
    ({ history, cores, prefix }) => ({ cores, prefix, history: { ...history, size: history.size + 1 } }),
  ),
});

function messageOf(branch: ExampleChain, height: number, count: number): Message {
  const block = branch.blocks[height - 1] as ExampleBlock;
  return count > block.core.transactionCount ? blockMessage(block, base) : sliceMessage(block, count, base);
}

function ask(before: JournalRecord, tip: Message, extension: Extension | null) {
  return signerRefusal({ tip, quarantineHeight: null }, before, { schedule, digests, keccak256, extension });
}

test("whatever a node asks for, and however it shows it: nothing that a signer lets pass convicts it", () => {
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(request, { minLength: 2, maxLength: 12 }), (requests) => {
      const signed: Message[] = [];
      let record: JournalRecord = { tip: null, quarantineHeight: null };
      for (const { of, height, count, shownBy, spoilt } of requests) {
        const message = messageOf(branches[of] as ExampleChain, height, count);
        const by = shownBy === null ? null : (branches[shownBy] as ExampleChain);
        const shown = record.tip && by && extensionOn(by, { tip: record.tip, message }, { digests, keccak256 });
        const refusal = ask(record, message, shown && spoilt ? spoilt(shown) : shown);
        outcomes.set(refusal ?? "signed", (outcomes.get(refusal ?? "signed") ?? 0) + 1);
        if (refusal !== null) continue;
        for (const before of signed) expect(evidence.convicts(before, message)).toBe(false);
        signed.push(message);
        record = { tip: message, quarantineHeight: null };
      }
    }),
    { numRuns: 1_000 },
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
    { numRuns: 1_000 },
  );
});
