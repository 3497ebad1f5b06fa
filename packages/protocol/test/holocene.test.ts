import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pruneFrames } from "../src/derive/frame-queue.ts";
import { type Batch, encodeFrames, type Frame, type Hex, type SingularBatch } from "../src/index.ts";
import { block, chain, expectSame, singular, span } from "./support/chains.ts";
import {
  batcherTransaction,
  channelFrames,
  Driver,
  SimulatedL1,
  SimulatedL2,
  testConfig,
} from "./support/simulation.ts";

const granite = testConfig();
const holocene = testConfig({ holocene: 0 });

function derive(config: typeof granite, l1: SimulatedL1): Driver {
  const driver = new Driver(config, l1);
  driver.run();
  return driver;
}

/** One channel a transaction, one transaction a block. */
function send(config: typeof granite, l1: SimulatedL1, ...channels: readonly (readonly Batch[])[]): void {
  for (const batches of channels) l1.mine({ transactions: [batcherTransaction(channelFrames(config, batches))] });
}

describe("batches out of order", () => {
  test("wait for those before them, before Holocene", () => {
    const { l1, l2 } = chain(granite, 3);
    send(granite, l1, singular(l2, 8), singular(l2, 4, 8), singular(l2, 0, 4));
    expectSame(derive(granite, l1), l2);
  });

  test("are dropped with their channel from Holocene on", () => {
    const { l1, l2 } = chain(holocene, 3);
    // The second channel starts in the future, which takes its later batches with it even when they would fit.
    send(holocene, l1, singular(l2, 0, 2), [...singular(l2, 4, 5), ...singular(l2, 2, 4)], singular(l2, 2, 3));
    expectSame(derive(holocene, l1), l2, 3);
  });

  test("span batches with a gap before them wait, or are dropped", () => {
    for (const [config, expected] of [
      [granite, 12],
      [holocene, 5],
    ] as const) {
      const { l1, l2 } = chain(config, 2);
      send(config, l1, [span(config, l2, 5)], [span(config, l2, 0, 5)]);
      expectSame(derive(config, l1), l2, expected);
    }
  });
});

describe("batches of the past", () => {
  test("are passed over from Holocene on, and what follows them in the channel counts", () => {
    const { l1, l2 } = chain(holocene, 3);
    send(holocene, l1, singular(l2, 0, 6), singular(l2, 3));
    expectSame(derive(holocene, l1), l2);
  });

  test("in whole spans too", () => {
    const { l1, l2 } = chain(holocene, 3);
    send(holocene, l1, [span(holocene, l2, 0, 6)], [span(holocene, l2, 2, 5), span(holocene, l2, 6)]);
    expectSame(derive(holocene, l1), l2);
  });

  test.each([
    ["Granite", granite],
    ["Holocene", holocene],
  ] as const)("a span that overlaps the safe chain goes on from there (%s)", (_, config) => {
    const { l1, l2 } = chain(config, 3);
    send(config, l1, [span(config, l2, 0, 8)], [span(config, l2, 4)]);
    const driver = derive(config, l1);
    expectSame(driver, l2);
    expect(driver.needs.l2Blocks).toBeGreaterThan(0);
  });

  test("a span that contradicts the safe chain is dropped before Holocene; its new blocks count from then on", () => {
    for (const [config, expected] of [
      [granite, 8],
      [holocene, 18],
    ] as const) {
      const { l1, l2 } = chain(config, 3);
      send(config, l1, [span(config, l2, 0, 8)]);
      const batches = singular(l2, 4) as SingularBatch[];
      const [first, ...rest] = batches as [SingularBatch, ...SingularBatch[]];
      const contradicting = new SimulatedL2(config, l1);
      contradicting.blocks.push(...l2.blocks);
      for (const [i, it] of [{ ...first, transactions: [] }, ...rest].entries()) {
        contradicting.blocks[4 + i] = { ...(l2.blocks[4 + i] as (typeof l2.blocks)[number]), batch: it };
      }
      send(config, l1, [span(config, contradicting, 4)]);
      expectSame(derive(config, l1), l2, expected);
    }
  });

  test("a span whose start falls between blocks, or before genesis, is dropped", () => {
    for (const config of [granite, holocene]) {
      const { l1, l2 } = chain(config, 2);
      send(config, l1, singular(l2, 0, 4));
      const good = span(config, l2, 3);
      if (good.kind !== "span") throw new Error("unreachable");
      const shifted = { ...good, relativeTimestamp: Number(good.relativeTimestamp) - 1 };
      const early = { ...span(config, l2, 0), relativeTimestamp: 2n ** 64n - 2n } as Batch;
      send(config, l1, [shifted], [early], [good]);
      expectSame(derive(config, l1), l2);
    }
  });
});

describe("an invalid batch within a span", () => {
  test("invalidates all of it before Holocene, only the rest from then on", () => {
    for (const [config, expected] of [
      [granite, 0],
      [holocene, 6],
    ] as const) {
      const { l1, l2 } = chain(config, 3);
      // From its seventh block on the span claims epoch 2, whose L1 block is later than those blocks.
      const wrong = new SimulatedL2(config, l1);
      for (const [i, it] of l2.blocks.slice(0, 9).entries()) {
        const origin = i >= 6 ? 2 : it.batch.epochNumber;
        wrong.blocks.push({ ...it, batch: { ...it.batch, epochNumber: origin, epochHash: block(l1, origin).hash } });
      }
      send(config, l1, [span(config, wrong)]);
      expectSame(derive(config, l1), l2, expected);
    }
  });
});

describe("Holocene's activation", () => {
  // Holocene is active from L1 block 6 on.
  const config = testConfig({ holocene: 6 });

  test("discards a channel that is not complete yet", () => {
    const { l1, l2 } = chain(config, 2);
    const parts = channelFrames(config, singular(l2), { frameData: 200 });
    l1.mine({ transactions: [batcherTransaction(parts.slice(0, -1))] });
    l1.mineTo(6);
    l1.mine({ transactions: [batcherTransaction(parts.slice(-1))] });
    expect(derive(config, l1).derived).toHaveLength(0);
    send(config, l1, singular(l2));
    expectSame(derive(config, l1), l2);
  });

  test("discards batches that wait for others", () => {
    const { l1, l2 } = chain(config, 2);
    send(config, l1, singular(l2, 6));
    l1.mineTo(6);
    send(config, l1, singular(l2, 0, 6));
    expectSame(derive(config, l1), l2, 6);
  });

  test("keeps the window of origins, so that blocks from before it can still be derived", () => {
    const { l1, l2 } = chain(config, 5);
    l1.mineTo(7);
    l2.buildTo(7);
    send(config, l1, [span(config, l2)]);
    const driver = derive(config, l1);
    expectSame(driver, l2);
    // The attributes' form follows the L2 block's own time: first zero, then what the engine made of it.
    const active = driver.derived.filter(
      ({ attributes }) => attributes.timestamp >= (config.forkTimes.holocene as number),
    );
    expect(active[0]?.attributes.eip1559Params).toBe("0x0000000000000000");
    expect(active[1]?.attributes.eip1559Params).toBe("0x000000fa00000006");
    const before = driver.derived.length - active.length;
    expect(driver.derived[before - 1]?.attributes).not.toHaveProperty("eip1559Params");
  });

  test("in between, strict order begins", () => {
    const { l1, l2 } = chain(config, 2);
    const parts = channelFrames(config, singular(l2), { frameData: 200 });
    expect(parts.length).toBeGreaterThan(2);
    l1.mine({ transactions: [...parts].reverse().map((it) => batcherTransaction([it])) });
    expectSame(derive(config, l1), l2);
    const late = chain(config, 2);
    late.l1.mineTo(6);
    late.l1.mine({ transactions: [...parts].reverse().map((it) => batcherTransaction([it])) });
    expect(derive(config, late.l1).derived).toHaveLength(0);
  });
});

describe("the frame queue", () => {
  const frame = (channel: string, frameNumber: number, isLast = false): Frame => ({
    channelId: `0x${channel.repeat(32)}` as Hex,
    frameNumber,
    data: new Uint8Array(0),
    isLast,
  });
  const name = ({ channelId, frameNumber, isLast }: Frame) => `${channelId[2]}${frameNumber}${isLast ? "!" : ""}`;
  const parse = (text: string) =>
    text
      .split(" ")
      .filter((it) => it !== "")
      .map((it) => frame(it[0] as string, Number(it[1]), it.endsWith("!")));

  test.each([
    ["a0 a1 a2!", "a0 a1 a2!"],
    ["a0 a2 a1", "a0 a1"],
    ["a0 a0 a1!", "a0 a1!"],
    ["a0! a1", "a0!"],
    ["a0 b0 a1", "b0"],
    ["a0 a1 b0", "b0"],
    ["a0! b0 b1! c0", "a0! b0 b1! c0"],
    ["a0! b1 b0", "a0! b0"],
    ["a0! b0 a0", "a0!"],
    ["a3 a4", "a3 a4"],
    ["a3 b0", "b0"],
    ["a3 b1", "a3"],
    ["a0 b1 a1!", "a0 a1!"],
    ["a0! b0 b1 c0 d0!", "a0! d0!"],
  ])("keeps of %s: %s", (given, kept) => {
    expect(pruneFrames(parse(given)).map(name).join(" ")).toBe(kept);
  });

  test("holds its guarantee for any frames", () => {
    const any = fc.record({ channel: fc.constantFrom("a", "b"), number: fc.nat(3), last: fc.boolean() });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (list) => {
        const kept = pruneFrames(list.map((it) => frame(it.channel, it.number, it.last)));
        for (let i = 1; i < kept.length; i++) {
          const [before, it] = [kept[i - 1] as Frame, kept[i] as Frame];
          if (it.frameNumber === 0) expect(before.isLast).toBe(true);
          else {
            expect(it.channelId).toBe(before.channelId);
            expect(it.frameNumber).toBe(before.frameNumber + 1);
            expect(before.isLast).toBe(false);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("whatever the batcher and others send", () => {
  /** A random history of the L1: good channels, cut or shuffled or doubled frames, garbage. Replay by the seed shown. */
  const events = fc.array(
    fc.record({
      kind: fc.constantFrom(
        "good",
        "good",
        "span",
        "stale",
        "future",
        "cut",
        "shuffled",
        "garbage",
        "quiet",
        "foreign",
      ),
      size: fc.integer({ min: 1, max: 9 }),
      frame: fc.integer({ min: 60, max: 400 }),
      seed: fc.nat(1000),
    }),
    { maxLength: 25 },
  );

  test.each([
    ["Granite", granite],
    ["Holocene", holocene],
    ["the way from one to the other", testConfig({ holocene: 12 })],
  ] as const)("derivation is a prefix of the sequencer's chain, the same after a restart (%s)", (_, config) => {
    const reached = new Map<string, number>();
    let derivedInAll = 0;
    fc.assert(
      fc.property(events, (history) => {
        const l1 = new SimulatedL1();
        l1.mineTo(3);
        const l2 = new SimulatedL2(config, l1);
        let sent = 0;
        for (const { kind, size, frame, seed } of history) {
          reached.set(kind, (reached.get(kind) ?? 0) + 1);
          while (l2.blocks.length < sent + 20) {
            l1.mineTo(Math.max(l1.head.number, l2.head.l1Origin.number + 1));
            l2.buildTo(l2.head.l1Origin.number + 1);
          }
          const from = kind === "stale" ? Math.max(0, sent - 3) : kind === "future" ? sent + 2 : sent;
          const batches =
            kind === "span" || seed % 2 ? [span(config, l2, from, from + size)] : singular(l2, from, from + size);
          let parts = channelFrames(config, batches, { frameData: frame });
          if (kind === "cut") parts = parts.slice(0, -1);
          if (kind === "shuffled") parts = [...parts.slice(1), ...parts.slice(0, 1)];
          const data = parts.map((it) =>
            batcherTransaction([it], kind === "foreign" ? (`0x${"77".repeat(20)}` as Hex) : undefined),
          );
          if (kind === "garbage") {
            const bytes = encodeFrames(parts);
            // In the header of the first frame: a change of the content would be the batcher's word.
            bytes[seed % 23] = seed & 255;
            data[0] = { ...(data[0] as (typeof data)[number]), input: `0x${Buffer.from(bytes).toString("hex")}` };
          }
          l1.mine({ transactions: kind === "quiet" ? [] : data });
          if (["good", "span", "stale"].includes(kind)) sent = Math.max(sent, from + size);
        }
        const whole = derive(config, l1);
        derivedInAll += whole.derived.length;
        for (const [i, derived] of whole.derived.entries())
          expect(derived.attributes).toEqual(l2.blocks[i]?.attributes);
        // Stop in the middle and start over from genesis with that safe head: the rest is the same.
        const middle = Math.floor(whole.derived.length / 2);
        if (middle > 0) {
          const safeHead = l2.blocks[middle - 1]?.ref as typeof l2.head;
          const again = new Driver(config, l1, {
            safeHead,
            origin: block(l1, 0),
            systemConfig: config.genesis.systemConfig,
            safeHeadDerivedFrom: whole.derived[middle - 1]?.derivedFrom.number ?? 0,
          });
          for (const [i, { payload }] of l2.blocks.entries()) again.payloads.set(i + 1, payload);
          again.run();
          expect(again.derived.map(({ attributes }) => attributes)).toEqual(
            whole.derived.slice(middle).map(({ attributes }) => attributes),
          );
        }
      }),
      { numRuns: 25 },
    );
    // The generator reaches what it is for.
    expect(reached.size).toBe(9);
    expect(derivedInAll).toBeGreaterThan(100);
  });
});
