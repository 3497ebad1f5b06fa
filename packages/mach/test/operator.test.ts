import { type Base, isSlashable, type Message } from "@altlayer/protocol";
import { describe, expect, test } from "vitest";
import { SIGNING_RULES } from "../src/index.ts";
import { blockMessage, type ExampleBlock, ExampleChain, named } from "./support/chain.ts";
import { executedBlock, START_MS, TestOperator } from "./support/operator.ts";
import { digests, keccak256 } from "./support/vectors.ts";

const BASE_0: Base = { epoch: 0, l1Hash: named("L1 99"), height: 0, blockHash: named("genesis") };

/** Branches that agree up to height 9. Origins: height / 6, from 100 on; epoch 0 up to origin 103. */
function branches() {
  const left = new ExampleChain(BASE_0, { digests, keccak256 });
  for (let height = 1; height <= 9; height++) left.add(["l1", `a${height}`]);
  const right = left.fork(9);
  for (let height = 10; height <= 14; height++) {
    left.add(["l1", "b", "c", `left ${height}`]);
    right.add(["l1", "b", "x", `right ${height}`]);
  }
  return { left, right };
}

const at = (chain: ExampleChain, height: number) => chain.blocks[height - 1] as ExampleBlock;
const upTo = (chain: ExampleChain, height: number) => chain.blocks.slice(0, height);
const { left, right } = branches();

test("the two-height fork: who certified block 10 does not sign block 11 of another fork", () => {
  const operator = new TestOperator().ready(BASE_0);
  operator.executes(...upTo(left, 10)).sync();
  operator.executes(at(right, 10), at(right, 11)).sync();
  expect(operator.sent.at(-1)).toBe(10);
  expect(operator.abstained).toContain("CONTRADICTS_TIP");
  // It goes on where it stands.
  operator.executes(at(left, 11)).sync();
  expect(operator.sent.at(-1)).toBe(11);
  // Had it signed, the parent alone would have convicted it, though no height was signed twice.
  const pair: [Message, Message] = [blockMessage(at(left, 10), BASE_0), blockMessage(at(right, 11), BASE_0)];
  expect(isSlashable(pair, { form: "PARENT" }, { digests, keccak256 })).toBe(true);
});

test("a base that reaches the tip releases it, and nothing else does", () => {
  const operator = new TestOperator().ready(BASE_0);
  operator.executes(...upTo(left, 10)).sync();
  // The L1 settled the other branch at height 10; origin 104 and above belong to epoch 1.
  const other = right.fork(14);
  while (other.blocks.length < 26) other.add(["l1", `other ${other.blocks.length}`]);
  const settled: Base = { epoch: 1, l1Hash: named("L1 103"), height: 10, blockHash: at(other, 10).core.blockHash };
  operator.executes(...other.blocks.slice(9)).sync();
  operator.input({ type: "certified", message: blockMessage(at(other, 12), BASE_0) });
  operator.input({ type: "tick", nowMs: START_MS + 10 ** 9 });
  expect(operator.sent.at(-1)).toBe(10);
  operator.input({ type: "l1Block", number: 105, hash: named("origin 5") });
  operator.input({ type: "base", base: settled });
  operator.sync();
  expect(operator.sent.at(-1)).toBe(26);
  // Together they are no evidence.
  const [released, later] = [operator.sentMessages.at(-2), operator.sentMessages.at(-1)] as [Message, Message];
  expect([released.core.height, later.core.height, later.base.height]).toEqual([10, 26, 10]);
  const inclusion = at(other, 26).history.inclusion(9, 25);
  const proof = { form: "HISTORY", core: at(other, 10).core, inclusion, at: { form: "CONTENT" } } as const;
  expect(isSlashable([released, later], proof, { digests, keccak256 })).toBe(false);
});

test("slices: further prefixes and the block are signed, shorter and other ones are not", () => {
  const operator = new TestOperator().ready(BASE_0);
  operator.executes(...upTo(left, 9)).sync();
  operator.executesSlice(at(left, 10), 2).sync();
  operator.executesSlice(at(left, 10), 3).sync();
  operator.executesSlice(at(left, 10), 1).sync();
  operator.executesSlice(at(right, 10), 4).sync();
  expect(operator.sent.slice(-2)).toEqual(["10/2", "10/3"]);
  expect(operator.abstained.slice(-2)).toEqual(["NOT_AHEAD_OF_TIP", "CONTRADICTS_TIP"]);
  operator.executes(at(right, 10)).sync();
  operator.executes(at(left, 10)).sync();
  operator.executesSlice(at(left, 10), 4).sync();
  expect(operator.sent.slice(-2)).toEqual(["10/3", 10]);
});

test("after a crash, slices may be cut again: a prefix that was signed is extended", () => {
  const tip = new TestOperator()
    .ready(BASE_0)
    .executes(...upTo(left, 9))
    .sync();
  tip.executesSlice(at(left, 10), 2).sync();
  const again = new TestOperator({ tip: tip.state.tip as Message }).ready(BASE_0);
  again.executes(...upTo(left, 9));
  again.executesSlice(at(left, 10), 3).sync();
  expect(again.sent).toEqual(["10/3"]);
});

test("a signature leaves only after its record is on disk, and one at a time", () => {
  const operator = new TestOperator().ready(BASE_0);
  operator.executes(...upTo(left, 3));
  expect(operator.sent).toEqual([]);
  expect(operator.effects.filter(({ type }) => type === "journal")).toHaveLength(1);
  const { writing } = operator.state;
  operator.input({ type: "journaled", record: { tip: null, quarantineHeight: null } });
  expect(operator.sent).toEqual([]);
  operator.input({ type: "journaled", record: writing as NonNullable<typeof writing> });
  expect(operator.sent).toEqual([1]);
  // What gathered meanwhile is signed at its furthest.
  operator.sync();
  expect(operator.sent).toEqual([1, 3]);
});

test("a share is sent again until it is certified", () => {
  const operator = new TestOperator()
    .ready(BASE_0)
    .executes(...upTo(left, 1))
    .sync();
  operator.input({ type: "tick", nowMs: START_MS + 1_000 });
  expect(operator.sent).toEqual([1, 1]);
  operator.input({ type: "certified", message: blockMessage(at(left, 1), BASE_0) });
  operator.input({ type: "tick", nowMs: START_MS + 5_000 });
  expect(operator.sent).toEqual([1, 1]);
});

test("blocks that the sequencer did not sign are ancestors only", () => {
  const operator = new TestOperator().ready(BASE_0);
  operator.input({ type: "executed", executed: executedBlock(at(left, 1), false) });
  expect(operator.sync().sent).toEqual([]);
  operator.executes(at(left, 2)).sync();
  expect(operator.sent).toEqual([2]);
});

describe("start", () => {
  test("nothing is signed before two thirds, itself included, have answered", () => {
    const operator = new TestOperator();
    expect(operator.effects).toEqual([{ type: "ask" }]);
    operator.ready(BASE_0);
    expect(operator.state.answered).toBeNull();
    const alone = new TestOperator();
    alone.input({ type: "table", table: { epoch: 0, weights: new Map([[0, [1n]]]), total: [1n] } });
    expect(alone.state.answered).toBeNull();
    const waiting = new TestOperator({}).ready(BASE_0);
    expect(waiting.executes(at(left, 1)).sync().sent).toEqual([1]);
    const unheard = new TestOperator();
    unheard.input({ type: "answer", from: 1, share: null }, { type: "answer", from: 1, share: null });
    unheard.input({ type: "answer", from: 0, share: null });
    expect(unheard.state.answered?.size).toBe(1);
    unheard.input({ type: "tick", nowMs: START_MS + 1_000 });
    expect(unheard.effects.filter(({ type }) => type === "ask")).toHaveLength(2);
  });

  test("an answer that shows a forgotten signature puts it into quarantine, durably", () => {
    const operator = new TestOperator({ tip: blockMessage(at(left, 3), BASE_0) });
    const forgotten = { message: blockMessage(at(left, 5), BASE_0), signature: "0x01" } as const;
    operator.input({ type: "answer", from: 1, share: forgotten });
    // 104 seconds after genesis at two seconds a block: no higher height can have been signed.
    expect(operator.effects).toContainEqual({ type: "quarantined", height: 52 });
    const record = operator.state.writing;
    expect(record).toEqual({ tip: blockMessage(at(left, 3), BASE_0), quarantineHeight: 52 });
    operator
      .sync()
      .ready(BASE_0)
      .executes(...upTo(left, 9))
      .sync();
    expect(operator.sent).toEqual([]);
    expect(operator.abstained).toContain("QUARANTINE");
    // The next start knows it from the journal, though nobody says so any more.
    const next = new TestOperator({ quarantineHeight: 52 })
      .ready(BASE_0)
      .executes(...upTo(left, 9))
      .sync();
    expect(next.sent).toEqual([]);
  });

  test("an answer that shows what the journal knows changes nothing", () => {
    const operator = new TestOperator({ tip: blockMessage(at(left, 5), BASE_0) });
    for (const height of [3, 5]) {
      const share = { message: blockMessage(at(left, height), BASE_0), signature: "0x01" } as const;
      operator.input({ type: "answer", from: height, share });
    }
    expect(operator.state.quarantineHeight).toBeNull();
  });

  test("a restored backup starts in quarantine", () => {
    const operator = new TestOperator({ restored: true }).ready(BASE_0);
    expect(operator.state.quarantineHeight).toBe(52);
    operator
      .sync()
      .executes(...upTo(left, 9))
      .sync();
    expect(operator.sent).toEqual([]);
  });
});

test("asked, it shows the furthest share that it saw of the one who starts", () => {
  const operator = new TestOperator();
  const share = (height: number) => ({ message: blockMessage(at(left, height), BASE_0), signature: "0x01" }) as const;
  operator.input({ type: "share", from: 2, share: share(4) }, { type: "share", from: 2, share: share(3) });
  operator.input({ type: "asked", from: 2 }, { type: "asked", from: 3 });
  expect(operator.effects.slice(1)).toEqual([
    { type: "answer", to: 2, share: share(4) },
    { type: "answer", to: 3, share: null },
  ]);
});

test("one alert a height, and none about a block that it signed", () => {
  const operator = new TestOperator()
    .ready(BASE_0)
    .executes(...upTo(left, 2))
    .sync();
  const alert = (height: number, label: string) =>
    ({ epoch: 0, height, blockHash: named(label), reason: 3, transactionIndex: 1 }) as const;
  operator.input({ type: "refuted", alert: { ...alert(2, ""), blockHash: at(left, 2).core.blockHash } });
  operator.input({ type: "refuted", alert: alert(3, "bad") }, { type: "refuted", alert: alert(3, "worse") });
  expect(operator.effects.filter(({ type }) => type === "alert")).toEqual([{ type: "alert", alert: alert(3, "bad") }]);
});

describe("rules that follow from the others while the L1 keeps what it finalised", () => {
  /** Signed height 12 with a base at 8, and 10 of another branch before that; then the base goes back to 4. */
  const forward: Base = { epoch: 0, l1Hash: named("L1 99"), height: 8, blockHash: at(left, 8).core.blockHash };
  const back: Base = { epoch: 0, l1Hash: named("another L1"), height: 4, blockHash: at(left, 4).core.blockHash };
  const restarted = (rules = SIGNING_RULES) => {
    const operator = new TestOperator({ tip: blockMessage(at(left, 12), forward), rules }).ready(back);
    return operator.executes(...upTo(left, 13)).sync();
  };

  test("a base that moves back, or another of one epoch, is not signed on", () => {
    expect(restarted().sent).toEqual([]);
    expect(restarted().abstained.at(-1)).toBe("BASE_MOVES_BACK");
    const broken = restarted(SIGNING_RULES.filter(({ obstacle }) => obstacle !== "BASE_MOVES_BACK"));
    // What the rule prevents: the height that the first base had released is contradicted under the second.
    expect(broken.sent).toEqual([13]);
    const early = blockMessage(at(right, 10), { ...forward, height: 0, blockHash: named("genesis") });
    const proof = {
      form: "HISTORY",
      core: at(left, 10).core,
      inclusion: at(left, 13).history.inclusion(9, 12),
      at: { form: "CONTENT" },
    } as const;
    expect(isSlashable([early, broken.sentMessages[0] as Message], proof, { digests, keccak256 })).toBe(true);
  });

  test("a changed derivation of one L1 block is not signed", () => {
    const changed: Base = { ...forward, height: 9, blockHash: at(left, 9).core.blockHash };
    const run = (rules = SIGNING_RULES) =>
      new TestOperator({ tip: blockMessage(at(left, 12), forward), rules })
        .ready(changed)
        .executes(...upTo(left, 13))
        .sync();
    expect(run().sent).toEqual([]);
    const broken = run(SIGNING_RULES.filter(({ obstacle }) => obstacle !== "BASE_MOVES_BACK"));
    const pair: [Message, Message] = [blockMessage(at(left, 12), forward), broken.sentMessages[0] as Message];
    expect(isSlashable(pair, { form: "BASE" }, { digests, keccak256 })).toBe(true);
  });

  test("what is not well formed is not signed", () => {
    const high: Base = { ...forward, height: 12, blockHash: at(left, 12).core.blockHash };
    const operator = new TestOperator().ready(high);
    operator.executes(...upTo(left, 12)).sync();
    expect(operator.sent).toEqual([]);
    operator.executes(at(left, 13)).sync();
    expect(operator.sent).toEqual([13]);
  });
});

test("limits hold: the oldest candidates and bases go", () => {
  const operator = new TestOperator();
  operator.executes(...upTo(left, 14), ...right.blocks.slice(9));
  for (let i = 0; i < 20; i++) operator.executesSlice(at(left, 14), 1 + (i % 4));
  expect(operator.state.candidates.length).toBeLessThanOrEqual(16);
  for (let epoch = 0; epoch < 40; epoch++) operator.input({ type: "base", base: { ...BASE_0, epoch } });
  expect(operator.state.bases.size).toBe(16);
  expect(operator.state.bases.has(39)).toBe(true);
});
