import type { Base, Hex, Message } from "@altlayer/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AggregatorEffect, type AggregatorInput, EMPTY_AGGREGATOR, stepAggregator } from "../src/index.ts";
import { blockMessage, type ExampleBlock, ExampleChain, named, sliceMessage } from "./support/chain.ts";
import { CONFIG, TABLE } from "./support/operator.ts";
import { digests, keccak256 } from "./support/vectors.ts";

const BASE_0: Base = { epoch: 0, l1Hash: named("L1 99"), height: 0, blockHash: named("genesis") };
const chain = new ExampleChain(BASE_0, { digests, keccak256 });
for (let height = 1; height <= 20; height++) chain.add(["l1"]);
const messageAt = (height: number) => blockMessage(chain.blocks[height - 1] as ExampleBlock, BASE_0);

class TestAggregator {
  state = EMPTY_AGGREGATOR;
  readonly effects: AggregatorEffect[] = [];
  readonly #openPerOperator: number;

  constructor(openPerOperator = 32) {
    this.#openPerOperator = openPerOperator;
    this.input({ type: "table", table: TABLE });
  }

  input(input: AggregatorInput): readonly AggregatorEffect[] {
    const config = { schedule: CONFIG.schedule, openPerOperator: this.#openPerOperator, tables: 2, lateTicks: 3 };
    const { state, effects } = stepAggregator(this.state, input, config);
    this.state = state;
    this.effects.push(...effects);
    return effects;
  }

  share(from: number, message: Message = messageAt(1), signature: Hex = `0x0${from}`): readonly AggregatorEffect[] {
    return this.input({ type: "share", from, digest: digests.message(message), message, signature });
  }

  verified(invalid: readonly number[] = [], message = messageAt(1)): readonly AggregatorEffect[] {
    return this.input({ type: "verified", digest: digests.message(message), invalid });
  }
}

const share = (index: number) => ({ index, signature: `0x0${index}` });

test("signatures are checked once there can be a quorum, all at once, and certified", () => {
  const aggregator = new TestAggregator();
  expect(aggregator.share(0)).toEqual([]);
  expect(aggregator.share(2)).toEqual([]);
  const digest = digests.message(messageAt(1));
  expect(aggregator.share(1)).toEqual([{ type: "verify", digest, shares: [share(0), share(1), share(2)] }]);
  const shares = [share(0), share(1), share(2)];
  expect(aggregator.verified()).toEqual([{ type: "certificate", digest, message: messageAt(1), shares }]);
});

test("wrong signatures are cut out, their senders told, and the rest goes on", () => {
  const aggregator = new TestAggregator();
  for (const from of [0, 1, 2]) aggregator.share(from);
  const digest = digests.message(messageAt(1));
  expect(aggregator.verified([1])).toEqual([{ type: "reject", from: 1, digest, reason: "SIGNED_WRONGLY" }]);
  expect(aggregator.share(1)).toEqual([{ type: "reject", from: 1, digest, reason: "SIGNED_WRONGLY" }]);
  expect(aggregator.share(3)).toMatchObject([{ type: "verify", shares: [share(3)] }]);
  expect(aggregator.verified()).toMatchObject([{ type: "certificate", shares: [share(0), share(2), share(3)] }]);
});

test("a share that comes while others are checked is checked next", () => {
  const aggregator = new TestAggregator();
  for (const from of [0, 1, 2]) aggregator.share(from);
  expect(aggregator.share(3)).toEqual([]);
  expect(aggregator.verified([1])).toMatchObject([{ type: "reject" }, { type: "verify", shares: [share(3)] }]);
});

test("late signatures are added with the clock", () => {
  const aggregator = new TestAggregator();
  for (const from of [0, 1, 2]) aggregator.share(from);
  aggregator.verified();
  expect(aggregator.share(3)).toEqual([]);
  expect(aggregator.input({ type: "tick" })).toMatchObject([{ type: "verify", shares: [share(3)] }]);
  expect(aggregator.verified()).toMatchObject([{ type: "certificate", shares: [0, 1, 2, 3].map(share) }]);
  expect(aggregator.input({ type: "tick" })).toEqual([]);
});

test("late signatures of a slice wait for the block: who signed that is not checked again, the others are in the end", () => {
  const aggregator = new TestAggregator();
  const [block] = chain.blocks as [ExampleBlock];
  const slice = sliceMessage(block, 1, BASE_0);
  const certify = (message: Message) => {
    for (const from of [0, 1]) aggregator.share(from, message);
    aggregator.share(2, message);
    aggregator.verified([], message);
  };
  const tick = () => aggregator.input({ type: "tick" });
  certify(slice);
  expect(aggregator.share(3, slice)).toEqual([]);
  expect([tick(), tick()]).toEqual([[], []]);
  certify(messageAt(1));
  // Not among the block's signers.
  const digest = digests.message(slice);
  expect(tick()).toEqual([{ type: "verify", digest, shares: [share(3)] }]);

  const other = new TestAggregator();
  for (const from of [0, 1, 3]) other.share(from, slice);
  other.verified([], slice);
  other.share(2, slice);
  for (const from of [0, 1, 2]) other.share(from);
  other.verified();
  expect([tick, tick, tick, tick].flatMap(() => other.input({ type: "tick" }))).toEqual([]);
});

test("a signer counts once, strangers and the settled do not count", () => {
  const aggregator = new TestAggregator();
  const reason = (effects: readonly AggregatorEffect[]) =>
    effects.map((each) => ("reason" in each ? each.reason : each.type));
  aggregator.share(0);
  expect(reason(aggregator.share(0))).toEqual(["DUPLICATE"]);
  expect(reason(aggregator.share(0, messageAt(1), "0x99"))).toEqual(["DUPLICATE"]);
  expect(reason(aggregator.share(9))).toEqual(["NOT_A_MEMBER"]);
  expect(reason(aggregator.share(0, { ...messageAt(1), kind: 3 as 1 }))).toEqual(["MALFORMED"]);
  const later = { ...messageAt(1), core: { ...messageAt(1).core, originNumber: 105 }, base: { ...BASE_0, epoch: 1 } };
  expect(reason(aggregator.share(0, later))).toEqual(["NO_TABLE"]);
  aggregator.input({ type: "settled", height: 1 });
  expect(aggregator.state.pools.size).toBe(0);
  expect(reason(aggregator.share(1))).toEqual(["SETTLED"]);
});

test("a flood displaces what the flooder sent, and nothing of others", () => {
  const aggregator = new TestAggregator(3);
  aggregator.share(1, messageAt(1));
  for (let height = 1; height <= 20; height++) aggregator.share(0, messageAt(height));
  expect(aggregator.state.pools.size).toBe(4);
  expect(aggregator.effects.filter((each) => "reason" in each && each.reason === "DISPLACED")).toHaveLength(17);
  for (const from of [2, 3]) aggregator.share(from, messageAt(1));
  expect(aggregator.verified()).toMatchObject([{ type: "certificate", shares: [share(1), share(2), share(3)] }]);
});

test("whatever comes, only checked signatures of more than two thirds are certified", () => {
  const inputs = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ from: fc.nat({ max: 4 }), height: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 2, arbitrary: fc.record({ height: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 1, arbitrary: fc.constant("tick" as const) },
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(inputs, fc.nat({ max: 4 }), (steps, liar) => {
      const aggregator = new TestAggregator(2);
      for (const step of steps) {
        if (step === "tick") aggregator.input({ type: "tick" });
        else if ("from" in step) aggregator.share(step.from, messageAt(step.height));
        else aggregator.verified([liar], messageAt(step.height));
      }
      for (const effect of aggregator.effects) {
        if (effect.type !== "certificate") continue;
        const indices = effect.shares.map(({ index }) => index);
        expect(indices).toEqual([...new Set(indices)].sort());
        expect(indices.length).toBeGreaterThanOrEqual(3);
        expect(indices).not.toContain(liar);
      }
    }),
  );
});
